"""Merging of the printed settings into files that people wrote."""
