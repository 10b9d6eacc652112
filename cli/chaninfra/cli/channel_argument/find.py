"""Resolve the CHANNEL argument: to descriptors, or to a channel with credentials."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    NotS3Error,
)
from chaninfra.channel.outputs.descriptor import Descriptor, from_document, to_document
from chaninfra.channel.outputs.overrides import overrides
from chaninfra.channel.text import one_line, or_else
from chaninfra.cli.channel_argument.credentials import credentials_for
from chaninfra.cli.channel_argument.documents import parse_descriptors, read_file, stack_descriptors
from chaninfra.cli.channel_argument.endpoint_trust import NamedBy
from chaninfra.cli.channel_argument.located import located
from chaninfra.cli.channel_argument.parse import S3, VARIABLE, File, Stack, Web, current_folder, parse_channel
from chaninfra.cli.channel_argument.stored import read_channel_json
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.index.channel import Channel, Origin

if TYPE_CHECKING:
    from chaninfra.cli.channel_argument.assumed import NewChannel

Reading = Literal["offline", "given", "probe", "lenient", "strict"]
"""Which requests may be made to read the descriptor that CHANNEL names, and what is no failure.

- `offline`: none. s3:// is described by the flags alone; a URL or a stack is refused.
- `given`: URLs and stacks are read, but not the channel.json of an s3:// channel: the flags describe that one.
- `strict`: the channel.json of an s3:// channel is read too. If there is none, a note says that the flags describe the
  channel; but a place without any folder of a subdir is refused.
- `lenient`: as `strict`, but a place without an index is refused; and if channel.json cannot be read and --provider or
  --endpoint-url is given, a warning says that the flags describe the channel, which may not exist. Not if the store
  does not accept the credentials, or the endpoint is not that of the S3 API: then what was typed is wrong.
- `probe`: as `lenient`, but no place is refused: a store is probed before there is a channel, too.
"""


@dataclass(frozen=True)
class Found:
    """A descriptor, and its origin: read from a channel.json, or assumed from flags and the provider's row.

    `named_by` says who named its endpoint, `where` is the stack or document that did; `read_at` is the endpoint that
    the channel.json of a bucket was read from.
    """

    descriptor: Descriptor
    origin: Origin
    named_by: NamedBy = "flags"
    where: str = ""
    read_at: str | None = None


def find(text: str | None, flags: StoreFlags, reading: Reading, new: NewChannel | None = None) -> list[Found]:
    """The channels that CHANNEL names, with the flags applied.

    `text` is the argument; None is $CHANINFRA_CHANNEL, else the selected stack. Only a stack, or a file with its output
    `channels`, names more than one. `new` describes an s3:// channel that has no channel.json.

    Raises ConfigurationError if there is no such channel, StorageError and EngineError if it cannot be read.
    """
    from chaninfra.cli.output.progress import waiting

    with waiting("looking for the channel"):
        return _find(text, flags, reading, new)


def _find(text: str | None, flags: StoreFlags, reading: Reading, new: NewChannel | None) -> list[Found]:
    if not text and (variable := os.environ.get(VARIABLE)):
        try:
            return _find(variable, flags, reading, new)
        except ConfigurationError as error:
            # Not of an option, which is named itself.
            if error.where and not error.where.startswith("--"):
                error.remedy = f"{error.remedy or ''}\nCHANNEL comes from ${VARIABLE}".lstrip()
            raise
    named_by: NamedBy = "document"
    match parse_channel(text or "stack:"):
        case File(path):
            where = "stdin" if path == "-" else path
            descriptors = parse_descriptors(read_file(path), where)
        case Web(url):
            from chaninfra.cli.channel_argument.fetch import fetch

            if reading == "offline":
                raise ConfigurationError(
                    "a descriptor at a URL cannot be read without a request",
                    where=url,
                    remedy="download it, and give the file",
                )
            where = url
            descriptors = parse_descriptors(fetch(url), url)
        case Stack() as stack:
            if reading == "offline":
                raise ConfigurationError(
                    "the outputs of a stack cannot be read without a request",
                    where=str(stack),
                    remedy="run: pulumi stack output channels --json > channels.json, and give that file",
                )
            from chaninfra.engine.stacks import stack_output

            where, named_by = str(stack), "stack"
            descriptors = stack_descriptors(stack, stack_output(stack.name, current_folder()))
        case S3() as location:
            return [_channel_in_bucket(location, flags, reading, new)]
    found = [Found(overridden(descriptor, flags), "descriptor", named_by, where) for descriptor in descriptors]
    for descriptor, each in zip(descriptors, found, strict=True):
        _tell_overrides(descriptor, each)
    return found


def open_channel(
    text: str | None,
    flags: StoreFlags,
    access: Literal["read", "write"],
    reading: Reading = "strict",
    *,
    dry_run: bool = False,
) -> Channel:
    """The single channel that CHANNEL names, with credentials; without any, `read` makes anonymous requests.

    For `write`, a note says so if it is not known whether the store has conditional writes. `dry_run`: nothing that is
    written to the channel reaches the store.

    Raises ConfigurationError if CHANNEL names several or credentials must not be sent to its endpoint, CredentialsError
    if `write` finds no credentials, and what `find` raises.
    """
    found = single(find(text, flags, reading))
    credentials = credentials_for(found, flags, access)
    if access == "write":
        from chaninfra.channel.probe.write_mode import advice

        if told := advice(found.descriptor):
            streams.note(told)
    return Channel(
        descriptor=found.descriptor,
        credentials=credentials,
        origin=found.origin,
        dry_run=dry_run,
        of_stack=found.named_by == "stack",
    )


def channel_to_create(text: str, flags: StoreFlags, new: NewChannel, *, dry_run: bool = False) -> Channel:
    """The channel that `chaninfra init` creates, with credentials; no request is made.

    Raises ConfigurationError, and CredentialsError if there are no credentials.
    """
    from chaninfra.cli.channel_argument.assumed import NewChannel

    if new != NewChannel() and not isinstance(parse_channel(text), S3):
        raise ConfigurationError(
            "--name, --subdir, --visibility, --public-url and --page are only for s3://BUCKET/PREFIX; a descriptor has "
            "its own",
            where=text,
            remedy="change the descriptor, or give s3://BUCKET/PREFIX",
        )
    found = single(find(text, flags, "offline", new))
    credentials = credentials_for(found, flags, "write")
    return Channel(descriptor=found.descriptor, credentials=credentials, dry_run=dry_run)


def single(found: list[Found]) -> Found:
    """The only channel in the list. Raises ConfigurationError if there are several, or none."""
    if len(found) != 1:
        names = ", ".join(each.descriptor.name for each in found)
        raise ConfigurationError(
            f"CHANNEL names {len(found)} channels ({names}); this command needs exactly one"
            if found
            else "the stack has no channels",
            remedy=f"name one: stack:NAME#{found[0].descriptor.name}, or give the channel.json of one"
            if found
            else "run: pulumi up",
        )
    return found[0]


def _channel_in_bucket(location: S3, flags: StoreFlags, reading: Reading, new: NewChannel | None) -> Found:
    """The channel at s3://BUCKET/PREFIX: as its channel.json describes it, else as the flags do."""
    if reading in ("offline", "given"):
        return _assumed(location, flags, new)
    place = located(location, flags) if new is None else None
    read_at = Found(place, "assumed") if place else _assumed(location, flags, new)
    credentials = None
    try:
        credentials = credentials_for(read_at, flags, "read")
        channel = Channel(descriptor=read_at.descriptor, credentials=credentials, origin="assumed")
        stored = read_channel_json(channel)
    except BucketMissingError:
        raise
    except ChaninfraError as problem:
        # A channel.json that is not valid was read; or nothing can be, as long as what was typed is wrong.
        invalid = isinstance(problem, ConfigurationError | CredentialsError | NotS3Error) and reading != "probe"
        if reading == "strict" or invalid or not (flags.provider or flags.endpoint_url):
            if reading == "lenient" and not isinstance(problem, NotS3Error):
                more = "add --offline, which prints what the options say"
                problem.remedy = or_else(problem.remedy, more)
            raise
        text = f"{CHANNEL_JSON} could not be read, so the options are used instead ({problem.summary})"
        unknown = f"whether there is a channel at {location} is not known"
        if credentials is None and isinstance(problem, DeniedError):
            # The other remedies are about the options, which are used.
            unknown = f"{unknown}; {problem.remedy}"
        streams.warning(ChaninfraError(text, remedy=unknown))
        return _assumed(location, flags, new)
    if stored is None:
        assumed = _assumed(location, flags, new)
        # Imported here: it imports what reads index files.
        from chaninfra.index.snapshots.place import refuse_snapshot

        refuse_snapshot(channel.store(), location.bucket, location.prefix)
        if reading != "probe":
            _refuse_empty(replace(channel, descriptor=assumed.descriptor), index=reading == "lenient")
        streams.note(f"{location} has no {CHANNEL_JSON}; the options and the provider's defaults are used instead")
        return assumed
    if (stored.bucket, stored.prefix) != (location.bucket, location.prefix):
        raise ConfigurationError(
            f"its {CHANNEL_JSON} describes another channel, {stored.url}",
            where=str(location),
            remedy="it was copied from there: delete it, then run `chaninfra init`",
        )
    found = found_in_bucket(stored, read_at.descriptor, flags)
    _tell_overrides(stored, found)
    return found


def _refuse_empty(channel: Channel, *, index: bool) -> None:
    """Raise ConfigurationError for a place where no channel is, if that can be seen: a mistyped prefix. `index`: a
    channel needs an index, and not only a folder of a subdir.
    """
    from chaninfra.index.contents import known_subdirs
    from chaninfra.index.place import require_index

    # Whoever may not list does not see it.
    with suppress(DeniedError):
        if index:
            require_index(channel)
        else:
            known_subdirs(channel)


def _assumed(location: S3, flags: StoreFlags, new: NewChannel | None) -> Found:
    """The channel as the flags and the provider's row describe it."""
    # Imported here since it loads the models of the stack config.
    from chaninfra.cli.channel_argument.assumed import NewChannel, assume

    return Found(assume(location, flags, new or NewChannel()), "assumed")


def found_in_bucket(stored: Descriptor, assumed: Descriptor, flags: StoreFlags) -> Found:
    """The channel as the channel.json in its bucket describes it, which was read where `assumed` says."""
    where = f"{assumed.url}/{CHANNEL_JSON}"
    return Found(overridden(stored, flags), "descriptor", "document", where, assumed.endpoint_url)


def _tell_overrides(stored: Descriptor, found: Found) -> None:
    """A note for each option that says something else than the document."""
    for text in overrides(stored, found.descriptor).values():
        streams.note(f"{one_line(found.where)}: {text}")


def overridden(descriptor: Descriptor, flags: StoreFlags) -> Descriptor:
    """The descriptor with the values of the flags in place of its own. Raises ConfigurationError for invalid ones."""
    changed: dict[str, Any] = {"provider": flags.provider, "region": flags.region, "force_path_style": flags.path_style}
    changed["endpoint_url"] = flags.endpoint_url.rstrip("/") if flags.endpoint_url else None
    changed = {name: value for name, value in changed.items() if value is not None}
    if not changed:
        return descriptor
    if flags.provider:
        from chaninfra.channel.spec.locate import provider_row

        provider_row(flags.provider, None, "--provider")
    result = msgspec.structs.replace(descriptor, **changed)
    if descriptor.public_url == descriptor.location.url(descriptor.prefix):
        # The public URL was derived from the endpoint, so derive it from the new one.
        result = msgspec.structs.replace(result, public_url=result.location.url(result.prefix))
    return from_document(to_document(result), where=f"{descriptor.name}, with the options given")
