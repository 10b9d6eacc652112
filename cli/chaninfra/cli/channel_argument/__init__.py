"""The CHANNEL argument: parsed, and resolved to a channel."""
