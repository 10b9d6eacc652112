"""Property bags between protobuf and Python.

The stand-in tells the engine that it accepts no secrets, so the engine unwraps them in what it sends and marks the
outputs of the same name secret again. Only provider configuration still carries them.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

Bag = dict[str, Any]
"""The properties of a resource, by their Pulumi names."""

UNKNOWN = rpc.UNKNOWN
"""Pulumi's placeholder for an unknown value."""

# resource.SigKey in Pulumi's sdk/go/common/resource: the key that marks a map as a wrapped value.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
# The value of that key which marks an archive (sdk/go/common/resource/archive, ArchiveSig).
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"


def decode(struct: Struct) -> Bag:
    """The plain values of `struct`, without nulls; unknown values are the string UNKNOWN."""
    return {name: _plain(value) for name, value in MessageToDict(struct).items() if value is not None}


def encode(bag: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update({name: value for name, value in bag.items() if value is not None})
    return struct


def is_archive(value: object) -> bool:
    """True for an archive: a map with its hash, and the path of its file."""
    return isinstance(value, dict) and value.get(_SIGNATURE) == _ARCHIVE


def is_unknown(value: object) -> bool:
    """True if `value` or a part of it is unknown."""
    if isinstance(value, dict):
        return any(is_unknown(part) for part in value.values())
    if isinstance(value, list):
        return any(is_unknown(part) for part in value)
    return bool(value == UNKNOWN)


def without_zeros(value: Any) -> Any:
    """`value` without what Terraform's SDK takes for "not set": empty, false and zero."""
    if isinstance(value, dict):
        parts = {name: without_zeros(part) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part not in (None, "", False, 0, [], {})}
    if isinstance(value, list):
        return [without_zeros(part) for part in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if _SIGNATURE in value and not is_archive(value):
            return _plain(value["value"]) if "value" in value else UNKNOWN
        return {name: _plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    # Protobuf has only floats.
    return int(value) if isinstance(value, float) and value.is_integer() else value
