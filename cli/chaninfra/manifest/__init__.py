"""Client settings for a channel, from its descriptor: one pure renderer per format.

A renderer returns values (`Rendered`); `text` writes them, and `merge` puts them into files that people keep.
"""
