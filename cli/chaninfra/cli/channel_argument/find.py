"""CHANNEL → descriptor → a channel that can be worked with."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, CredentialsError, DeniedError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document, parse, to_document
from chaninfra.channel.text import nearest
from chaninfra.cli.channel_argument.parse import FORMS, S3, VARIABLE, File, Stack, Web, parse_channel
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.index.channel import Channel, Origin

if TYPE_CHECKING:
    from chaninfra.channel.s3.credentials import Credentials
    from chaninfra.cli.channel_argument.assumed import NewChannel

Reading = Literal["offline", "given", "lenient", "strict"]
"""How a channel's own channel.json is read: not at all, nor anything else; not at all; where that fails and flags say
enough, with a note; else the failure is the command's."""


@dataclass(frozen=True)
class Found:
    """A descriptor, and whether it was read or is assumed."""

    descriptor: Descriptor
    origin: Origin


def find(text: str | None, flags: StoreFlags, reading: Reading, wanted: NewChannel | None = None) -> list[Found]:
    """The channels that CHANNEL names, flags applied: more than one only for a stack or a list of its output.

    Raises ConfigurationError where there is no such channel, and what the store or the engine raises.
    """
    match parse_channel(text or os.environ.get(VARIABLE) or "stack:"):
        case File(path):
            found = _read(_file(path), "stdin" if path == "-" else path)
        case Web(url):
            from chaninfra.cli.channel_argument.fetch import fetch

            if reading == "offline":
                raise ConfigurationError(
                    "a descriptor at a URL takes a request to read", where=url, remedy="download it, and give the file"
                )
            found = _read(fetch(url), url)
        case Stack() as stack:
            if reading == "offline":
                raise ConfigurationError(
                    "what a stack put out is asked of where its state is kept",
                    where=str(stack),
                    remedy="run: pulumi stack output channels --json > channels.json, and give that file",
                )
            from chaninfra.engine.stacks import stack_output

            found = _of_stack(stack, stack_output(stack.name, Path.cwd()))
        case S3() as place:
            return [_at(place, flags, reading, wanted)]
    return [Found(overridden(descriptor, flags), "descriptor") for descriptor in found]


def open_channel(
    text: str | None, flags: StoreFlags, access: Literal["read", "write"], reading: Reading = "strict"
) -> Channel:
    """The one channel that CHANNEL names, with credentials; reading falls back to anonymous requests.

    Raises ConfigurationError where it names several, and what `find` and `credentials.resolve` raise.
    """
    found = one(find(text, flags, reading))
    credentials = credentials_of(flags) if access == "read" else _required(flags)
    return Channel(descriptor=found.descriptor, credentials=credentials, origin=found.origin)


def to_create(text: str, flags: StoreFlags, wanted: NewChannel) -> Channel:
    """The channel that CHANNEL and flags describe, not yet there. Raises ConfigurationError and CredentialsError."""
    from chaninfra.cli.channel_argument.assumed import NewChannel as Settings

    if wanted != Settings() and not isinstance(parse_channel(text), S3):
        raise ConfigurationError(
            "a descriptor says what --name, --subdir, --visibility and --public-url say",
            where=text,
            remedy="change the descriptor, or give s3://BUCKET/PREFIX",
        )
    found = one(find(text, flags, "offline", wanted))
    return Channel(descriptor=found.descriptor, credentials=_required(flags))


def one(found: list[Found]) -> Found:
    """The only one. Raises ConfigurationError where there are more."""
    if len(found) != 1:
        names = ", ".join(each.descriptor.name for each in found)
        raise ConfigurationError(
            f"there are {len(found)} channels ({names}), and this command works on one",
            remedy=f"name it: stack:NAME#{found[0].descriptor.name}, or give the descriptor of one alone"
            if found
            else "run: pulumi up",
        )
    return found[0]


def _file(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=path, remedy=f"CHANNEL is {FORMS}"
        ) from error


def _read(data: bytes, where: str) -> list[Descriptor]:
    """The descriptors in a document: one, or a stack's output `channels`, name → descriptor."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [parse(data, where=where)]
    if isinstance(document, dict) and document and all(map(_looks_like_one, document.values())):
        return _all(document, where)
    return [from_document(document, where=where)]


def _looks_like_one(value: object) -> bool:
    return isinstance(value, dict) and "bucket" in value


def _all(document: dict[str, Any], where: str) -> list[Descriptor]:
    return [from_document(each, where=f"{where}, channel {name}") for name, each in document.items()]


def _of_stack(stack: Stack, channels: Any) -> list[Descriptor]:
    if not isinstance(channels, dict):
        raise ConfigurationError(
            "the output `channels` is no mapping", where=str(stack), remedy="is it a stack of chaninfra? run: pulumi up"
        )
    if stack.channel is None:
        return _all(channels, str(stack))
    if stack.channel not in channels:
        raise ConfigurationError(
            f"the stack has no channel {stack.channel!r}", where=str(stack), remedy=nearest(stack.channel, channels)
        )
    return [from_document(channels[stack.channel], where=str(stack))]


def _at(place: S3, flags: StoreFlags, reading: Reading, wanted: NewChannel | None) -> Found:
    """The channel at a place in a bucket: as its own channel.json says, else as the flags do."""
    # jsonschema and the models of the stack config, which no other kind of CHANNEL needs.
    from chaninfra.cli.channel_argument.assumed import NewChannel as Settings
    from chaninfra.cli.channel_argument.assumed import assume

    assumed = Found(assume(place, flags, wanted or Settings()), "assumed")
    if reading in ("offline", "given"):
        return assumed
    try:
        read = _own(assumed.descriptor, flags)
    except ChaninfraError as problem:
        if reading == "strict" or not (flags.provider or flags.endpoint_url):
            raise
        streams.note(f"{CHANNEL_JSON} was not read, so this is what the flags say ({problem.message})")
        return assumed
    if read is None:
        streams.note(f"{place} has no {CHANNEL_JSON}: its settings are taken from the flags and the provider's row")
        return assumed
    if (read.bucket, read.prefix) != (place.bucket, place.prefix):
        raise ConfigurationError(
            f"its {CHANNEL_JSON} describes another channel, {read.url}",
            where=str(place),
            remedy=f"it was copied from there: delete it, then `chaninfra init {place}` writes its own",
        )
    return Found(overridden(read, flags), "descriptor")


def _own(assumed: Descriptor, flags: StoreFlags) -> Descriptor | None:
    """The channel's own descriptor, or None where the store says that there is none."""
    credentials = credentials_of(flags)
    channel = Channel(descriptor=assumed, credentials=credentials)
    try:
        stored = channel.store().get(assumed.key(CHANNEL_JSON))
    except DeniedError as error:
        if credentials is None:
            raise CredentialsError(
                "no credentials were found, and not everybody may read it",
                where=channel.url(CHANNEL_JSON),
                remedy="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or S3_…), or name a --profile",
            ) from error
        raise
    return parse(stored.data, where=channel.url(CHANNEL_JSON)) if stored else None


def credentials_of(flags: StoreFlags) -> Credentials | None:
    """What `resolve` finds; None where nothing names any."""
    named = flags.access_key_id or flags.secret_access_key or flags.profile
    if named or any(os.environ.get(name) for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "AWS_PROFILE")):
        return _required(flags)
    try:
        return _required(flags)
    except CredentialsError:
        return None


def _required(flags: StoreFlags) -> Credentials:
    from chaninfra.channel.s3.credentials import resolve

    return resolve(
        access_key_id=flags.access_key_id,
        secret_access_key=flags.secret_access_key,
        session_token=flags.session_token,
        profile=flags.profile,
    )


def overridden(descriptor: Descriptor, flags: StoreFlags) -> Descriptor:
    """The descriptor with what the flags say in place of what it says."""
    changed: dict[str, Any] = {"provider": flags.provider, "region": flags.region, "force_path_style": flags.path_style}
    changed["endpoint_url"] = flags.endpoint_url.rstrip("/") if flags.endpoint_url else None
    changed = {name: value for name, value in changed.items() if value is not None}
    if not changed:
        return descriptor
    if flags.provider:
        from chaninfra.channel.spec.build import provider_row

        provider_row(flags.provider, None, "--provider")
    other = msgspec.structs.replace(descriptor, **changed)
    if descriptor.public_url == descriptor.location.url(descriptor.prefix):
        # It followed from the endpoint, so it follows the new one.
        other = msgspec.structs.replace(other, public_url=other.location.url(other.prefix))
    return from_document(to_document(other), where=f"{descriptor.name}, with the flags given")
