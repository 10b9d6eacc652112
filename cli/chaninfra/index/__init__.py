"""What is done with the content of a channel: read, publish, index. It knows no provider.

Importing this package imports nothing slow; its modules do.
"""
