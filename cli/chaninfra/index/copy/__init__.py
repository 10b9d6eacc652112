"""Copies packages from one channel to another: exact bytes, records as the source has them, patches and yanks."""
