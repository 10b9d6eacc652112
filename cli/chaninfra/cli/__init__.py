"""The command line: parse, call, print."""

# First of all, since it says which Python is needed.
import chaninfra.channel  # noqa: F401
