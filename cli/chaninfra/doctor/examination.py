"""The examination of one channel: what CHANNEL and the flags say, and what the checks read, each read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from chaninfra.channel.conda.index_settings import IndexSettings
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
from chaninfra.doctor.dry_writes import DryWrites, try_writes
from chaninfra.doctor.endpoint_contact import Contact, contact, pixi_trusts
from chaninfra.doctor.pixi_trust import follows_the_machine
from chaninfra.doctor.remedies import Remedies
from chaninfra.doctor.subdir_files import SubdirFiles, read_files
from chaninfra.index.channel import Channel, Origin
from chaninfra.index.commit.authority import read_authority
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.contents import known_subdirs
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import read_whole

ReadResult = StoredObject | ChaninfraError | None
"""The result of reading an object: the object, the error that prevented it, or None if the store answered 404."""


@dataclass(frozen=True, kw_only=True)
class SubdirCheck:
    """The index files of one subdir, and the result of its `reindex --check`: its report, or the error that prevented
    one. There is neither where shards are not there: whatever else is true of it, it must be re-indexed.
    """

    subdir: Subdir
    files: SubdirFiles | None = None
    report: SubdirReport | None = None
    error: ChaninfraError | None = None


@dataclass(kw_only=True)
class Examination:
    """A channel under examination.

    `given`: the descriptor according to CHANNEL and the flags; `origin`: whether it was read or assumed.
    `credentials_error`: why no credentials could be loaded, although some are configured.
    `without_credentials`: no program may send any to the channel's endpoint, since only a document names it.
    `apply_flags`: overrides a descriptor with the flags. Raises ConfigurationError.
    `role`: the role that the credentials should have; None: read access is enough.
    `names`: package names of another channel, to compare with this one's; `names_from`: the file or URL they are from.
    """

    given: Descriptor
    origin: Origin
    remedies: Remedies
    credentials: Credentials | None = None
    credentials_error: CredentialsError | None = None
    without_credentials: bool = False
    apply_flags: Callable[[Descriptor], Descriptor] = lambda descriptor: descriptor
    role: Role | None = None
    names: frozenset[str] | None = None
    names_from: str = ""
    damaged_shards: list[str] = field(default_factory=list, init=False)
    """`<subdir>: <package name>` of the shards that `shards` could not read."""
    _indexes: dict[Subdir, Repodata | None] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def contact(self) -> Contact:
        """The endpoint's answer to one unsigned request."""
        return contact(self.given.endpoint_url)

    @cached_property
    def pixi_trusts_endpoint(self) -> bool:
        """Whether pixi trusts the certificate of the endpoint, as it is set up on this machine."""
        return follows_the_machine() or pixi_trusts(self.given.endpoint_url)

    def read(self, location: Location, key: str, credentials: Credentials | None) -> ReadResult:
        """Read an object of the bucket at `location`; an error is returned, not raised."""
        try:
            return S3Store(location, credentials).get(key)
        except ChaninfraError as error:
            return error

    @cached_property
    def _read_as_given(self) -> ReadResult:
        """GET of channel.json at the location that CHANNEL and the flags say."""
        if self.contact.failed_at is not None:
            return UnreachableError(self.contact.message, where=self.given.endpoint_url)
        return self.read(self.given.location, self.given.key(CHANNEL_JSON), self.credentials)

    @cached_property
    def stored_descriptor(self) -> Descriptor | ChaninfraError | None:
        """The channel's own channel.json; the error if it cannot be read or is not valid; None if there is none."""
        found = self._read_as_given
        if not isinstance(found, StoredObject):
            return found
        try:
            return parse(found.data, where=f"{self.given.url}/{CHANNEL_JSON}")
        except ConfigurationError as error:
            return error

    @cached_property
    def descriptor(self) -> Descriptor:
        """The descriptor that the checks use: for s3://BUCKET/PREFIX its channel.json with the flags, else `given`."""
        applied = self.stored_with_flags
        return applied if isinstance(applied, Descriptor) else self.given

    @cached_property
    def stored_with_flags(self) -> Descriptor | ConfigurationError | None:
        """For s3://BUCKET/PREFIX its channel.json with the flags, or why it cannot be used; else None."""
        stored = self.stored_descriptor
        if self.remedies.source != "s3" or not isinstance(stored, Descriptor) or stored.url != self.given.url:
            return None
        try:
            return self.apply_flags(stored)
        except ConfigurationError as error:
            return error

    @cached_property
    def probed_location(self) -> Location:
        """The location that the checks actually contact: `given`'s if channel.json is not readable there."""
        if isinstance(self._read_as_given, ChaninfraError):
            return self.given.location
        return self.descriptor.location

    @property
    def location_is_stored(self) -> bool:
        """Whether `probed_location` comes from channel.json, and not from CHANNEL and the flags."""
        # How PUTs are written is no place: a channel.json knows its provider, and CHANNEL alone does not.
        return replace(self.probed_location, dialect=self.given.location.dialect) != self.given.location

    @cached_property
    def channel_json_read(self) -> ReadResult:
        """The result of GET channel.json at `probed_location`."""
        if not self.location_is_stored:
            return self._read_as_given
        return self.read(self.probed_location, self.descriptor.key(CHANNEL_JSON), self.credentials)

    @cached_property
    def channel(self) -> Channel:
        """The channel with the descriptor that the checks use."""
        known = self.origin == "descriptor" or isinstance(self.stored_descriptor, Descriptor)
        return Channel(
            descriptor=self.descriptor,
            credentials=self.credentials,
            origin="descriptor" if known else "assumed",
            of_stack=self.remedies.source == "stack",
        )

    @cached_property
    def store(self) -> S3Store:
        """The channel's store, with the examined credentials."""
        return self.channel.store()

    @cached_property
    def subdirs(self) -> tuple[Subdir, ...]:
        """The channel's subdirs; if no descriptor lists them, those in the bucket. Raises StorageError."""
        try:
            return known_subdirs(self.channel)
        except (DeniedError, ConfigurationError):
            # Nothing may be listed, or nothing is there.
            return self.descriptor.subdirs

    @cached_property
    def dry_writes(self) -> DryWrites | None:
        """The outcome of writes that the store must refuse; None if the channel has no object to try them on."""
        return try_writes(self.store, self.descriptor, self.subdirs)

    @property
    def settings(self) -> IndexSettings:
        """The declared index settings."""
        return self.descriptor.index

    def subdir_index(self, subdir: Subdir) -> SubdirIndex:
        """A subdir's index for reading. Whether the channel may be written to is not checked."""
        return self.channel.subdir_index(subdir, "read")

    def index(self, subdir: Subdir) -> Repodata | None:
        """The index of a subdir; None if there is none. Raises InvalidRepodataError, StorageError."""
        if subdir not in self._indexes:
            whole = read_whole(self.subdir_index(subdir), history=False)
            self._indexes[subdir] = whole.repodata if whole.exists else None
        return self._indexes[subdir]

    def shards(self, subdir: Subdir, accept: Callable[[str], bool]) -> Iterator[Repodata]:
        """The records of each package name that is accepted, sorted by name. Each shard is read when it is taken, so
        the size of the shard index does not matter; without a shard index it is the whole index at once.

        Raises InvalidRepodataError, StorageError.
        """
        target = self.subdir_index(subdir)
        authority = read_authority(target)
        if authority is None or authority.index is None:
            yield self.index(subdir) or Repodata.empty(subdir)
            return
        hashes = authority.index.hashes
        for name in filter(accept, sorted(hashes)):
            shard = ShardReader(target).find({name: hashes[name]})[name]
            repodata = Repodata.empty(subdir)
            if shard is None:
                self.damaged_shards.append(f"{subdir}: {name}")
            else:
                repodata.replace((), shard.records, shard.removed)
            yield repodata

    @cached_property
    def subdir_checks(self) -> tuple[SubdirCheck, ...]:
        """What there is to say of each subdir."""
        return tuple(map(self._subdir_check, self.subdirs))

    def _subdir_check(self, subdir: Subdir) -> SubdirCheck:
        files, target = None, self.subdir_index(subdir)
        try:
            files = read_files(target)
            report = None if files.lost.count else reindex_subdir(target, mode="check")
        except ChaninfraError as error:
            return SubdirCheck(subdir=subdir, files=files, error=error)
        return SubdirCheck(subdir=subdir, files=files, report=report)
