"""`chaninfra demo`: declares a channel on this machine, provisions it, publishes to it and installs from it."""

from chaninfra.demo.steps import run

__all__ = ["run"]
