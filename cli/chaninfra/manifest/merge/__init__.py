"""Merging of settings into files that people keep: only what differs changes."""
