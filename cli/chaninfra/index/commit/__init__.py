"""Commits a change to the index of one subdir so that concurrent writers lose nothing; see docs/index-protocol.md."""
