"""The checks of `chaninfra doctor`, one module per subject, and their table."""
