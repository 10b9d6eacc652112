"""The component resources, and the generated types of their arguments."""
