"""What the options of a command say else than channel.json."""

from __future__ import annotations

from chaninfra.channel.outputs.descriptor import Descriptor, to_document

_STORE_OPTIONS = ("provider", "endpoint-url", "region", "force-path-style")
"""The keys that commands have an option of the same name for."""


def overrides(stored: Descriptor, used: Descriptor) -> dict[str, str]:
    """What the options of a command say else than the stored descriptor: key → a text with both values. `used` is the
    descriptor with the options.
    """
    theirs, ours = to_document(stored), to_document(used)
    return {
        key: f"`{key}` is {_plain(theirs[key])} there, and {_plain(ours[key])} by --{key}, which is used"
        for key in _STORE_OPTIONS
        if theirs[key] != ours[key]
    }


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
