"""The doctor: what is wrong with a channel, and what mends it.

Importing this package imports nothing slow; its modules do.
"""
