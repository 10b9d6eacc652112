"""Mirrors: runs those of a channel, and yanks what has left their sources."""
