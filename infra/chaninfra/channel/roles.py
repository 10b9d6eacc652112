"""The roles that a principal can have on a channel."""

from __future__ import annotations

from typing import Literal

Role = Literal["reader", "publisher", "maintainer"]

ROLES: dict[Role, str] = {"publisher": "publishers", "reader": "readers", "maintainer": "maintainers"}
"""Role → the key of the stack config, of `access` and of `keys` that holds who has it."""
