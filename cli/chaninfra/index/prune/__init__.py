"""Retention: yanks what goes by the rules of a channel, and deletes it after a grace period."""
