"""The component resources, and how their arguments become a declaration."""
