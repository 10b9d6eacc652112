"""The whole story of a channel on this machine: declared, provisioned, published to, installed from."""

from chaninfra.demo.story import run

__all__ = ["run"]
