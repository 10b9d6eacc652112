"""What a state of a later version of chaninfra may hold."""

from __future__ import annotations

import base64

import dill

from chaninfra.pulumi import dynamic

_NAME = "LaterThingProvider"


def of_later_version() -> str:
    """What is in the state of a resource whose provider only a later chaninfra has."""
    later = type(_NAME, (dynamic._Provider,), {"__module__": dynamic.__name__, "noun": "later"})
    setattr(dynamic, _NAME, later)
    try:
        pickled = dill.dumps(later(), byref=True)
    finally:
        delattr(dynamic, _NAME)
    assert _NAME.encode() in pickled
    return base64.b64encode(pickled).decode()
