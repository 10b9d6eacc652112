"""A decorator for Structs that several threads decode."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def prepared(kind: type[T]) -> type[T]:
    """The Struct `kind`, after msgspec has collected its type information.

    Otherwise msgspec does so at the first decode, and two threads that decode for the first time can crash the process:
    one reads what the other has not filled in yet (segmentation fault, msgspec 0.22).
    """
    msgspec.json.Decoder(kind)
    return kind
