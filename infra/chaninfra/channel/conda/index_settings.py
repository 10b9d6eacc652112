"""Settings of a channel's index: the stack config sets them, and channel.json passes them to every writer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chaninfra.channel import patterns
from chaninfra.channel.conda.structs import prepared

Format = Literal["json", "zst", "shards"]
FORMATS: tuple[Format, ...] = ("json", "zst", "shards")
Writers = Literal["many", "single"]


@prepared
class IndexSettings(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How the index files of the channel are written."""

    formats: Annotated[
        tuple[Format, ...],
        Meta(
            description="The index files of each subdir: `json` (repodata.json, always there), `zst` (the same, "
            "compressed) and `shards` (CEP 16, what pixi reads first).",
            examples=[["json", "zst", "shards"]],
        ),
    ] = FORMATS
    compression_level: Annotated[
        int,
        Meta(
            description="The zstd level of the compressed index files. Higher levels save little and take much longer.",
            ge=1,
            le=22,
            examples=[1],
        ),
    ] = 1
    cache_control: Annotated[
        str,
        Meta(
            description="The Cache-Control header of the index files; shards never change and are sent as `immutable`.",
            pattern=patterns.HEADER,
            examples=["max-age=300"],
        ),
    ] = "max-age=300"
    writers: Annotated[
        Writers,
        Meta(
            description="`many`: publishers may write at once, by conditional writes. `single`: you make sure that "
            "only one command writes at a time (for a store without conditional writes)."
        ),
    ] = "many"


class ConditionalWrites(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Which conditional writes the store honours, as a probe found."""

    create: Annotated[bool, Meta(description="PUT with If-None-Match: * is refused where the key exists.")]
    replace: Annotated[bool, Meta(description="PUT with If-Match is refused where the ETag is another.")]
    multipart: Annotated[bool, Meta(description="CompleteMultipartUpload honours If-None-Match: * too.")]
