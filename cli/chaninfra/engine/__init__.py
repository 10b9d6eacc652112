"""The Pulumi engine: find it, install it if there is none, and read the outputs of stacks.

Importing this package or `chaninfra.engine.stacks` does not load pulumi, nor anything else that is slow.
"""

from __future__ import annotations

from chaninfra.engine.find import VERSION, Engine, find
from chaninfra.engine.get import get

__all__ = ["VERSION", "Engine", "find", "get"]
