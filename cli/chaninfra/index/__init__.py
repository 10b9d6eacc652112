"""The content of a channel: read, publish, re-index, yank, collect garbage. Knows nothing of providers.

Importing this package is fast; its modules import slower libraries.
"""
