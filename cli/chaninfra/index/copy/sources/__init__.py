"""The kinds of channels that packages are copied from, each a `Source`."""
