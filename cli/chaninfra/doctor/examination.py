"""The case before the doctor: a channel as it was named, and what was found out about it, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, CredentialsError, DeniedError, UnreachableError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor, parse
from chaninfra.channel.roles import Role
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.doctor.endpoint_contact import Contact, contact
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.channel import Channel, Origin
from chaninfra.index.contents import known_subdirs, read_index
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex

if TYPE_CHECKING:
    from chaninfra.doctor.dry_writes import Trial

Outcome = StoredObject | ChaninfraError | None
"""What became of reading an object: it, why it was not read, or None where the store says that there is none."""


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """A subdir as a re-index would find it: the report, or why there is none."""

    subdir: Subdir
    report: SubdirReport | None = None
    error: ChaninfraError | None = None


@dataclass(kw_only=True)
class Case:
    """A channel to be examined. `given` is its descriptor by CHANNEL and the flags, and `origin` where that is from.

    `overridden` applies the flags to a descriptor. `problem` is why there are no credentials, if they were looked for.
    `role`: whose credentials these are to be; None: anybody's who may read. `names` are names of another channel, and
    `names_from` says where they are from.
    """

    given: Descriptor
    origin: Origin
    remedies: Remedies
    credentials: Credentials | None = None
    problem: CredentialsError | None = None
    overridden: Callable[[Descriptor], Descriptor] = lambda descriptor: descriptor
    role: Role | None = None
    names: frozenset[str] | None = None
    names_from: str = ""
    _indexes: dict[Subdir, Repodata | None] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def contact(self) -> Contact:
        """What the endpoint answers to anybody."""
        return contact(self.given.endpoint_url)

    def read(self, location: Location, key: str, credentials: Credentials | None) -> Outcome:
        """Read an object of the bucket there."""
        try:
            return S3Store(location, credentials).get(key)
        except ChaninfraError as error:
            return error

    @cached_property
    def _first(self) -> Outcome:
        if self.contact.trouble is not None:
            return UnreachableError(self.contact.says, where=self.given.endpoint_url)
        return self.read(self.given.location, self.given.key(CHANNEL_JSON), self.credentials)

    @cached_property
    def stored(self) -> Descriptor | ChaninfraError | None:
        """What the channel's own channel.json says, why that is not known, or None where it has none."""
        found = self._first
        if not isinstance(found, StoredObject):
            return found
        try:
            return parse(found.data, where=f"{self.given.url}/{CHANNEL_JSON}")
        except ConfigurationError as error:
            return error

    @cached_property
    def descriptor(self) -> Descriptor:
        """The descriptor to go by: of a place what its own channel.json says, else what was given."""
        found = self.stored
        if self.remedies.source != "place" or not isinstance(found, Descriptor) or found.url != self.given.url:
            return self.given
        try:
            return self.overridden(found)
        except ConfigurationError:
            return self.given

    @property
    def by_channel_json(self) -> bool:
        """Whether what `asked` says is from channel.json."""
        return self.asked != self.given.location

    @cached_property
    def asked(self) -> Location:
        """The location that `answer` is of."""
        return self.given.location if isinstance(self._first, ChaninfraError) else self.descriptor.location

    @cached_property
    def answer(self) -> Outcome:
        """What became of reading channel.json where the channel is said to be."""
        if self.asked == self.given.location:
            return self._first
        return self.read(self.asked, self.descriptor.key(CHANNEL_JSON), self.credentials)

    @cached_property
    def channel(self) -> Channel:
        """The channel, to be worked with."""
        known = self.origin == "descriptor" or isinstance(self.stored, Descriptor)
        return Channel(
            descriptor=self.descriptor,
            credentials=self.credentials,
            origin="descriptor" if known else "assumed",
        )

    @cached_property
    def store(self) -> S3Store:
        """Its store."""
        return self.channel.store()

    @cached_property
    def subdirs(self) -> tuple[Subdir, ...]:
        """Its subdirs; where no descriptor says them, those that are there. Raises StorageError."""
        try:
            return known_subdirs(self.channel)
        except DeniedError:
            return self.descriptor.subdirs

    @cached_property
    def trial(self) -> Trial | None:
        """What becomes of writes that must be refused; None where there is nothing to try them on."""
        from chaninfra.doctor.dry_writes import trial

        return trial(self)

    @property
    def settings(self) -> IndexSettings:
        """How its index is to be."""
        return self.descriptor.index

    def target(self, subdir: Subdir) -> SubdirIndex:
        """A subdir that is only looked at: whether it may be written to is not asked."""
        described = self.descriptor
        return SubdirIndex(
            store=self.store,
            layout=ChannelLayout(prefix=described.prefix, subdirs=described.subdirs, index=described.index),
            subdir=subdir,
            runtime=self.channel.runtime,
            urls=tuple(url for url in (described.url, described.public_url) if url),
        )

    def index(self, subdir: Subdir) -> Repodata | None:
        """The index of a subdir, read once, or None where there is none. Raises InvalidRepodataError, StorageError."""
        if subdir not in self._indexes:
            self._indexes[subdir] = read_index(self.store, self.channel, subdir)
        return self._indexes[subdir]

    @cached_property
    def surveys(self) -> tuple[Surveyed, ...]:
        """Each subdir as `reindex --check` finds it."""
        return tuple(map(self._survey, self.subdirs))

    def _survey(self, subdir: Subdir) -> Surveyed:
        try:
            return Surveyed(subdir=subdir, report=reindex_subdir(self.target(subdir), mode="check"))
        except ChaninfraError as error:
            return Surveyed(subdir=subdir, error=error)
