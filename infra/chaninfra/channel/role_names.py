"""The names of the roles of publishers, readers and maintainers."""

from __future__ import annotations

import hashlib

from chaninfra.channel.granted import PrincipalSpec

_LONGEST = 64


def role_name(bucket: str, prefix: str, principal: PrincipalSpec, name_prefix: str = "") -> str:
    """The name of a principal's role: at most 64 characters of those that IAM allows, the same for the same names.

    Where they do not fit as they are, a digest tells them from others that would look the same.
    """
    parts = [bucket, prefix, principal.role, principal.name]
    whole = name_prefix + "-".join(part for part in parts if part)
    plain = whole.replace("/", "-")
    if plain == whole and len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{plain[: _LONGEST - len(digest) - 1]}-{digest}"
