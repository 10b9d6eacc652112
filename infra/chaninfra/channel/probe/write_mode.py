"""How a channel may be written: depends on the store's conditional writes and on the number of writers."""

from __future__ import annotations

import shlex
from typing import Literal

from msgspec import UnsetType, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import ConfigurationError, Remedy
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Capability, Support

_NEEDED: tuple[Capability, ...] = ("conditional-create", "conditional-replace")

WriteMode = Literal["conditional", "plain", "refused"]
"""`conditional`: PUTs with conditions, for many writers; `plain`: PUTs without, for one writer at a time; `refused`:
neither, since the store has no conditional writes and there may be several writers."""


def honoured(descriptor: Descriptor) -> ConditionalWrites:
    """The conditional writes that the store honours: those that neither a probe nor the table of providers denies.

    Unknown counts as honoured: a store that does not have conditional writes rejects one, and nothing is lost. Not so
    for `copy`: stores that have all others write over the object that is there.
    """
    recorded = descriptor.index.conditional_writes or ConditionalWrites(create=True, replace=True, multipart=True)
    row = PROVIDERS.get(descriptor.provider)
    if row is None:
        return structs.replace(recorded, copy=recorded.copy is True)
    return ConditionalWrites(
        create=recorded.create and row.can("conditional-create"),
        replace=recorded.replace and row.can("conditional-replace"),
        multipart=recorded.multipart and row.can("conditional-multipart"),
        copy=_copies(recorded.copy, row.capabilities["conditional-copy"].value),
    )


def _copies(probed: bool | UnsetType, expected: Support) -> bool:
    return expected == "yes" if isinstance(probed, UnsetType) else probed and expected != "no"


def is_known(descriptor: Descriptor) -> bool:
    """Whether a probe or the table of providers says which conditional writes the store honours."""
    row = PROVIDERS.get(descriptor.provider)
    known = row is not None and all(row.capabilities[name].value != "unknown" for name in _NEEDED)
    return descriptor.index.conditional_writes is not None or known


def advice(descriptor: Descriptor) -> str | None:
    """What to tell who writes to a channel on whose store nothing is known; None if there is nothing to say.

    The first writes show whether the store heeds conditions at all (`index.commit.conditional_store`). Whether it does
    so when several write at once, only a race shows, which is too many requests for each publish.
    """
    if is_known(descriptor) or descriptor.index.writers == "single":
        return None
    return (
        "this store was not probed, so it is not known whether several writers at once would lose each other's packages"
        f"\n  with the credentials that deploy the channel, run: {probe_command(descriptor)}"
    )


def write_mode(writers: Writers, writes: ConditionalWrites) -> WriteMode:
    """The mode for these writers on a store that honours these writes. An index needs both create and replace."""
    if writes.create and writes.replace:
        return "conditional"
    return "plain" if writers == "single" else "refused"


def require_write_mode(descriptor: Descriptor) -> Literal["conditional", "plain"]:
    """The mode to write this channel in; for use before the first write.

    Raises ConfigurationError if two writers could overwrite each other's changes.
    """
    mode = write_mode(descriptor.index.writers, honoured(descriptor))
    if mode != "refused":
        return mode
    single = single_writer(descriptor)
    again = (
        f"a probe found that; to probe again, run: {probe_command(descriptor)}; else "
        if _is_in_doubt(descriptor)
        else ""
    )
    raise ConfigurationError(
        "the store has no conditional writes, so two writers could overwrite each other; nothing was written",
        where=f"s3://{descriptor.bucket}/{descriptor.key(CHANNEL_JSON)}",
        key=("index", "writers"),
        remedy=again + single if again else single,
    )


def _is_in_doubt(descriptor: Descriptor) -> bool:
    """Whether an earlier probe denies what the table of providers says of the store: it may have asked wrongly."""
    row = PROVIDERS.get(descriptor.provider)
    return row is not None and all(row.capabilities[name].value == "yes" for name in _NEEDED)


def probe_command(descriptor: Descriptor) -> str:
    """The command that probes the store of the channel."""
    return shlex.join(["chaninfra", "doctor", "--probe", descriptor.url, "--endpoint-url", descriptor.endpoint_url])


_ONE = "make sure that only one writer runs at a time, then set `index.writers` to single"
SINGLE = Remedy(f"{_ONE} in the stack config and run `pulumi up`", stack=_ONE)


def init_words(descriptor: Descriptor) -> list[str] | None:
    """The words that `chaninfra init` of a channel that exists, and has no stack, needs after its URL; None where it
    lacks options for what channel.json says.
    """
    if not descriptor.may_be_of_init:
        return None
    words = [word for subdir in descriptor.subdirs if subdir != NOARCH for word in ("--subdir", subdir)]
    words += ["--name", descriptor.name, "--visibility", descriptor.visibility]
    return [*words, *(["--public-url", descriptor.public_url] if descriptor.public_url else [])]


def single_words(descriptor: Descriptor) -> list[str] | None:
    """`init_words` to declare a single writer."""
    words = init_words(descriptor)
    return None if words is None else [*words, "--writers", "single"]


def store_flags(descriptor: Descriptor) -> dict[str, str]:
    """The store options that describe the location of a channel: name in snake case → value."""
    return {
        "provider": descriptor.provider,
        "endpoint_url": descriptor.endpoint_url,
        "region": descriptor.region,
        "force_path_style": str(descriptor.force_path_style).lower(),
    }


def single_writer(descriptor: Descriptor) -> Remedy:
    """How to declare that only one writer writes at a time."""
    words = single_words(descriptor)
    if words is None:
        return SINGLE
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in store_flags(descriptor).items()]
    command = shlex.join(["chaninfra", "init", descriptor.url, *words, *flags])
    return Remedy(f"{SINGLE}; without a stack, run `{command}`", stack=_ONE)
