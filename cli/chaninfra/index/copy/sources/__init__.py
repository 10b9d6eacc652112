"""The channels that packages are copied from: what all have in common, and one module for each kind of place."""
