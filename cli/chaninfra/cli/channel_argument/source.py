"""The source of a copy: what `--from` names, and the options that say where it is and with which key it is read."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaninfra.channel import patterns
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.store_flags import StoreFlags, provider_names
from chaninfra.index.copy.sources.flags import FromFlags

if TYPE_CHECKING:
    from chaninfra.channel.outputs.descriptor import Descriptor
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.source import Source
    from chaninfra.index.copy.sources.open import S3Place

__all__ = ["FROM_HELP", "FromFlags", "is_on_s3", "open_from", "with_from_flags"]

FROM_HELP = (
    "The channel that packages are copied from: s3://BUCKET/PREFIX, the https:// URL of a channel, a folder, "
    f"stack:NAME#CHANNEL-NAME, or the path of a {CHANNEL_JSON}."
)
_AT_ONCE = 64
_OPTIONS: dict[str, Any] = {
    "provider": typer.Option(
        "--from-provider",
        metavar="NAME",
        help="The provider of the source: a name from `chaninfra providers` (default: that of the target).",
        autocompletion=provider_names,
    ),
    "endpoint_url": typer.Option(
        "--from-endpoint-url",
        metavar="URL",
        help="URL of the S3 API of the source (default: $FROM_S3_ENDPOINT_URL, else that of the target).",
    ),
    "region": typer.Option(
        "--from-region",
        metavar="REGION",
        help="Region of the source's bucket (default: $FROM_S3_REGION, else the provider's, or that of the target).",
    ),
    "addressing_style": typer.Option(
        "--from-addressing-style",
        help="`path`: URLs of the source are https://HOST/BUCKET; `virtual-host`: https://BUCKET.HOST (default: as the "
        "provider, or the target).",
    ),
    "access_key_id": typer.Option(
        "--from-access-key-id",
        metavar="ID",
        help="ID of the access key for the source (default: $FROM_S3_ACCESS_KEY_ID; else, where the store is the same, "
        "the target's key; else what pixi keeps for the bucket; else none).",
    ),
    "secret_access_key": typer.Option(
        "--from-secret-access-key",
        metavar="SECRET",
        help="Secret access key for the source. Prefer the variable $FROM_S3_SECRET_ACCESS_KEY: other users can see "
        "options in the process list.",
    ),
    "session_token": typer.Option(
        "--from-session-token",
        metavar="TOKEN",
        help="Session token of temporary credentials for the source (default: $FROM_S3_SESSION_TOKEN).",
    ),
    "profile": typer.Option(
        "--from-profile",
        metavar="NAME",
        help="Profile of the AWS configuration files to take the credentials for the source from.",
    ),
    "allow_origin": typer.Option(
        "--allow-origin",
        metavar="URL",
        help="Another server, https://HOST, that an https source may name for its files: in its index, or by a "
        "redirect to a private address; or another place in the bucket of an S3 source, s3://BUCKET/PREFIX. May be "
        "given several times.",
    ),
    "rate": typer.Option(
        "--rate",
        metavar="RATE",
        help="Most bytes of the source that are read in a second: 20MB; also kB and GB (default: no limit).",
    ),
    "at_once": typer.Option(
        "--at-once", metavar="N", min=1, max=_AT_ONCE, help=f"Most connections to the source, 1 to {_AT_ONCE}."
    ),
}
_TYPES: dict[str, Any] = {"allow_origin": list[str] | None}
"""Field → its type as an option, where that is another one."""


def with_from_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `source: FromFlags` of a command by one option per field."""
    hints = typing.get_type_hints(FromFlags)
    options = [
        inspect.Parameter(
            field.name if field.name in ("allow_origin", "rate", "at_once") else f"from_{field.name}",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[_TYPES.get(field.name, hints[field.name]), _OPTIONS[field.name]],
        )
        for field in fields(FromFlags)
    ]
    signature = inspect.signature(command, eval_str=True)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "source"]

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:
        said = {field.name: given.pop(option.name) for field, option in zip(fields(FromFlags), options, strict=True)}
        said["allow_origin"] = tuple(said["allow_origin"] or ())
        command(**given, source=_checked(FromFlags(**said)))

    # typer reads the options from the signature.
    wrapper.__signature__ = signature.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return wrapper


def _checked(flags: FromFlags) -> FromFlags:
    if flags.rate is not None:
        patterns.check(flags.rate, patterns.RATE, where="--rate", remedy="for 20 MB a second: --rate 20MB")
    return flags


def is_on_s3(text: str) -> bool:
    """Whether `--from` names a channel on S3: by its URL, or by what describes it."""
    return text.startswith("s3:") or _is_described(text)


def _is_described(text: str) -> bool:
    return text.startswith("stack:") or (text.endswith(".json") and not text.startswith(("s3:", "file:")))


def open_from(text: str, flags: FromFlags, target: Channel) -> Source:
    """The source that `--from` names. `target` is the channel that is copied to.

    Raises ConfigurationError for a text that names none, or several, or the target; CredentialsError; EngineError of a
    stack.
    """
    from chaninfra.channel.s3.endpoint import same_endpoint
    from chaninfra.cli.channel_argument.credentials import note_plain_http
    from chaninfra.cli.output import streams
    from chaninfra.index.copy.sources.open import open_s3, open_source, s3_place

    place: S3Place | None = None
    if _is_described(text):
        place = _described(text, flags, target)
    elif text.startswith("s3:"):
        from chaninfra.cli.channel_argument.parse import parse_channel

        # Its errors say what was meant.
        place = s3_place(str(parse_channel(text)), flags, target)
    described = target.descriptor
    if (
        place is not None
        and (place.location.bucket, place.prefix) == (described.bucket, described.prefix)
        and same_endpoint(place.location.endpoint_url, described.endpoint_url)
    ):
        raise ConfigurationError(
            "the source is the channel that is copied to",
            where=described.url,
            remedy="give another channel with --from, or with --to",
        )
    if place is None:
        return open_source(text, flags, target, streams.note)
    if place.credentials is not None:
        note_plain_http(place.location.endpoint_url)
    return open_s3(place, flags)


def _described(text: str, flags: FromFlags, target: Channel) -> S3Place:
    """The channel that a stack or a channel.json describes."""
    from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
    from chaninfra.channel.s3.endpoint import same_endpoint
    from chaninfra.cli.channel_argument.find import find, overridden, single
    from chaninfra.index.copy.sources.credentials import same_store, source_credentials
    from chaninfra.index.copy.sources.open import S3Place, said_endpoint

    said = said_endpoint(flags)
    found = single(find(text, StoreFlags(), "given"))
    described: Descriptor = overridden(
        found.descriptor,
        StoreFlags(
            provider=flags.provider,
            endpoint_url=flags.endpoint_url,
            region=flags.region,
            addressing_style=flags.addressing_style,
        ),
    )
    location = described.location
    if said is not None and not same_endpoint(said.url, location.endpoint_url):
        raise ConfigurationError(
            f"the endpoint is {location.endpoint_url} here, but {said.url} by {said.by}",
            where=found.where,
            remedy=f"if the document is right: --from-endpoint-url {location.endpoint_url}; else name the bucket: s3://…",
        )
    trusted = said is not None or found.named_by == "stack" or same_store(location, target.descriptor.location)
    only_said_by = None if trusted or is_s3_of_aws(location.endpoint_url) else found.where
    return S3Place(
        location=location,
        prefix=described.prefix,
        credentials=source_credentials(location, described.url, flags, target, only_said_by=only_said_by),
    )
