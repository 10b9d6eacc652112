"""Withdrawal: a package is deleted for good, with what index, history and snapshots say of it."""
