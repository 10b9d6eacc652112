"""The Pulumi engine: find it, get it where there is none, and read what its stacks put out.

Importing this package, or `chaninfra.engine.stacks`, imports neither pulumi nor anything else that is slow.
"""

from __future__ import annotations

from chaninfra.engine.find import VERSION, Engine, find
from chaninfra.engine.get import get

__all__ = ["VERSION", "Engine", "find", "get"]
