"""Names of what CloudFront keeps by name, for components whose own name is too long for it."""

from __future__ import annotations

import hashlib
import re

from chaninfra.channel.spec.model import StackSpec

SHORT = 64
"""Most characters of the name of a function or an origin access control (CloudFront API Reference)."""
LONG = 128
"""Most characters of the name of a policy: longer ones are refused as invalid, and the API Reference has no limit."""
_RANDOM = 8
"""What Pulumi appends to the name of a resource: a hyphen and 7 hex digits."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def given_name(resource: str, stack: StackSpec, longest: int, *, plain: bool = False) -> str | None:
    """The name to give to a resource; None where what Pulumi makes of the name of the `resource` is short enough.

    `plain`: only letters, digits, `-` and `_` are allowed. A digest keeps the names of different stacks distinct, which
    are those of the whole account.
    """
    if len(resource) + _RANDOM <= longest and not (plain and _PLAIN.fullmatch(resource) is None):
        return None
    parts = [resource, stack.bucket.name, *sorted(channel.prefix for channel in stack.channels)[:1]]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    text = re.sub(r"[^A-Za-z0-9_-]", "-", resource)
    return f"{text[: longest - len(digest) - 1]}-{digest}"
