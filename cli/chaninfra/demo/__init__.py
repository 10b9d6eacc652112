"""`chaninfra demo`: declares a channel on this machine, provisions it, publishes to it and installs from it."""

from chaninfra.demo.story import run

__all__ = ["run"]
