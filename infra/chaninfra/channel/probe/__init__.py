"""Experiments that show what a store supports, and how a channel on it is written."""
