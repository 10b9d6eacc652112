"""`chaninfra doctor`: checks of a channel, each with a remedy for what it finds.

Importing this package loads nothing slow; its modules do.
"""
