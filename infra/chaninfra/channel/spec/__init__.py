"""The validated declaration of a stack, built from its config."""
