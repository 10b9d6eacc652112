"""The roles of principals on a channel. A role of AWS is always called an IAM role."""

from __future__ import annotations

from typing import Literal

Role = Literal["reader", "publisher", "maintainer", "promoter"]

ROLES: dict[Role, str] = {
    "publisher": "publishers",
    "reader": "readers",
    "maintainer": "maintainers",
    "promoter": "promoters",
}
"""Role → its plural: the key of the principals in the stack config and in the stack outputs `access` and `keys`."""
