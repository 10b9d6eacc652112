"""How a channel may be written: what the store honours, and how many writers there are."""

from __future__ import annotations

from typing import Literal

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Capability

_NEEDED: tuple[Capability, ...] = ("conditional-create", "conditional-replace")

WriteMode = Literal["conditional", "plain", "refused"]
"""`conditional`: writers see each other's writes; `plain`: they do not, and there is one of them; `refused`: there may
be more."""


def honoured(descriptor: Descriptor) -> ConditionalWrites:
    """The conditional writes that the store honours: as a probe recorded, else as the provider's row says.

    What nobody knows counts as honoured: such a write is refused by a store that does not have it, and nothing is lost.
    """
    recorded = descriptor.index.conditional_writes
    row = PROVIDERS.get(descriptor.provider)
    if recorded is not None or row is None:
        return recorded or ConditionalWrites(create=True, replace=True, multipart=True)
    return ConditionalWrites(
        create=row.can("conditional-create"),
        replace=row.can("conditional-replace"),
        multipart=row.can("conditional-multipart"),
    )


def is_known(descriptor: Descriptor) -> bool:
    """Whether a probe or the provider's row says which conditional writes the store honours."""
    row = PROVIDERS.get(descriptor.provider)
    known = row is not None and all(row.capabilities[name].value != "unknown" for name in _NEEDED)
    return descriptor.index.conditional_writes is not None or known


def write_mode(writers: Writers, writes: ConditionalWrites) -> WriteMode:
    """The way for so many writers on a store that honours these; an index needs both to be created and replaced."""
    if writes.create and writes.replace:
        return "conditional"
    return "plain" if writers == "single" else "refused"


def must_write(descriptor: Descriptor) -> Literal["conditional", "plain"]:
    """The way to write this channel; asked before the first write.

    Raises ConfigurationError where two writers could overwrite each other and nobody said that there is only one.
    """
    way = write_mode(descriptor.index.writers, honoured(descriptor))
    if way != "refused":
        return way
    raise ConfigurationError(
        "the store has no conditional writes, so two writers could overwrite each other; nothing was written",
        where=f"s3://{descriptor.bucket}/{descriptor.key(CHANNEL_JSON)}, key index.writers",
        remedy=SINGLE,
    )


SINGLE = (
    "see to it that one writes at a time, and say so: set `index.writers` to single in the stack config and run "
    "`pulumi up`, or run `chaninfra init --writers single`"
)
