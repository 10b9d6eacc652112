"""Bring a channel back to what it said at some time, or to what a snapshot says."""
