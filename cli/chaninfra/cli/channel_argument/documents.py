"""The documents that hold descriptors: a file or stdin, and the outputs of a stack."""

from __future__ import annotations

import codecs
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document, parse
from chaninfra.channel.patterns import BUCKET
from chaninfra.channel.text import nearest
from chaninfra.cli.channel_argument.parse import FORMS, Stack

_MAX_BYTES = 4 << 20
"""The largest file of descriptors that is read; a stack's output may hold many."""
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_file(path: str) -> bytes:
    """The bytes of a file of descriptors, or of stdin for `-`, in UTF-8. Raises ConfigurationError."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=path, remedy=_meant(path)) from error
    if len(data) > _MAX_BYTES:
        raise ConfigurationError(f"is larger than {_MAX_BYTES >> 20} MiB", where=path, remedy=f"CHANNEL is {FORMS}")
    return _in_utf_8(data)


def _in_utf_8(data: bytes) -> bytes:
    """The bytes without a mark of their encoding: PowerShell's `>` and `|` write one, and UTF-16 behind it."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if encoding is None:
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError:
        return data


def _meant_by_name(name: str) -> str | None:
    """What a file of this name, which is not JSON, may have been given for."""
    stack = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", name)
    if stack:
        return f"for the stack write stack:{stack[1]}"
    if suffix_of(name):
        return f"that is a package: give it as FILE of `chaninfra publish`, and as CHANNEL {FORMS}"
    if name in ("pixi.toml", "pyproject.toml"):
        return f"to write settings into it, add --into {name}; CHANNEL is {FORMS}"
    return None


def _meant(path: str) -> str:
    """What a path that is not a readable file may have been meant for."""
    bucket, slash, _ = path.partition("/")
    # What no file system accepts as a name.
    with suppress(OSError, ValueError):
        if Path(path, CHANNEL_JSON).is_file():
            return f"did you mean {Path(path, CHANNEL_JSON)}?"
        if re.fullmatch(BUCKET, bucket) and not path.endswith(".json") and not Path(bucket).exists():
            stack = "" if slash else f", for a stack stack:{path}"
            return f"for a bucket write s3://{path.rstrip('/')}{stack}; else CHANNEL is {FORMS}"
    return f"CHANNEL is {FORMS}"


def parse_descriptors(data: bytes, where: str) -> list[Descriptor]:
    """The descriptors in a JSON document: a channel.json, or the stack output `channels` (name → descriptor)."""
    if not data.strip():
        raise ConfigurationError("is empty", where=where, remedy=f"CHANNEL is {FORMS}")
    try:
        document = msgspec.json.decode(data)
    except MALFORMED:
        if meant := _meant_by_name(Path(where).name):
            raise ConfigurationError("is not a channel.json", where=where, remedy=meant) from None
        return [parse(data, where=where)]
    if isinstance(document, dict) and document and all(map(_is_descriptor, document.values())):
        return _descriptors_by_name(document, where)
    return [from_document(document, where=where)]


def _is_descriptor(value: object) -> bool:
    return isinstance(value, dict) and "bucket" in value


def _descriptors_by_name(documents: dict[str, Any], where: str) -> list[Descriptor]:
    return [from_document(document, where=f"{where}, channel {name}") for name, document in documents.items()]


def stack_descriptors(stack: Stack, channels: Any) -> list[Descriptor]:
    """The descriptors that CHANNEL names in the output `channels` of a stack. Raises ConfigurationError."""
    if not isinstance(channels, dict):
        raise ConfigurationError(
            "the output `channels` is not a mapping",
            where=str(stack),
            remedy="check that this is a chaninfra stack, then run: pulumi up",
        )
    if stack.channel is None:
        return _descriptors_by_name(channels, str(stack))
    if stack.channel not in channels:
        raise ConfigurationError(
            f"the stack has no channel {stack.channel!r}", where=str(stack), remedy=nearest(stack.channel, channels)
        )
    return [from_document(channels[stack.channel], where=str(stack))]
