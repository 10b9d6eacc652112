"""Snapshots: what a channel said at some time, as a channel of its own that stays."""
