"""The sidecars of packages in a store (CEP 50): what the records should say of them, and how bundles are added.

Bundles are written in this order: the copy that never changes, the sidecar, the index. So clients with an old or a new
index find the copy that it names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal

from chaninfra.channel.conda.index_files import IMMUTABLE
from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.commit.change import Attested
from chaninfra.index.package.local_file import PackageFile, read_error
from chaninfra.index.package.sidecars import (
    MAX_SIDECAR,
    Sidecar,
    SidecarError,
    attestations_sha256,
    immutable_name,
    sidecar_name,
)
from chaninfra.index.report import RESIGN, LeftOut
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.subdir_index import SubdirIndex

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"
"""Cache-Control of the sidecar, as CEP 50 suggests it."""
_STARTED_AT_ONCE = 32
"""Most sidecars that are held in memory before they are needed."""


def beside(package: PackageFile) -> Sidecar | None:
    """The sidecar beside the package file on disk; None if there is none.

    Raises ConfigurationError where it cannot be read, is not a sidecar, or all its bundles are about other bytes.
    """
    path = package.path.with_name(sidecar_name(package.path.name))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIDECAR + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise read_error(path, error) from error
    try:
        sidecar = Sidecar.parse(data)
    except SidecarError as error:
        raise ConfigurationError(
            str(error), where=str(path), remedy="write a JSON array of Sigstore bundles there, or move the file away"
        ) from error
    if not sidecar.is_about(package.sha256):
        raise ConfigurationError(
            f"its attestations are about other bytes than those of {package.path.name}",
            where=str(path),
            remedy="sign the package again, or move the file away",
        )
    return sidecar


class Signatures:
    """The sidecars of a subdir, for one command."""

    def __init__(
        self,
        subdir_index: SubdirIndex,
        mode: Literal["write", "check"] = "write",
        copies: Mapping[str, ObjectMeta] | None = None,
    ) -> None:
        """`check`: write nothing. `copies`: name → object, of all copies in the folder; None: not known, and then the
        copy that a record names is taken to be there.
        """
        self.copied: set[str] = set()
        """Files of which a copy of the sidecar was missing; with `check` it still is."""
        self.seen: dict[str, tuple[str, str]] = {}
        """For the EtagCache: sidecars whose ETag does not tell that the copy has the same bytes."""
        self._subdir_index = subdir_index
        self._mode = mode
        self._copies = copies
        self._broken: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._started: dict[str, Callable[[], StoredObject | None]] = {}
        self._written: dict[str, bytes] = {}

    def start(self, paths: Iterable[str]) -> None:
        """Start to read the sidecars of those packages (`<subdir>/<file>`) that are in this subdir.

        Only in the change of a commit, since that has read the index.
        """
        folder = f"{self._subdir_index.subdir}/"
        files = [path.removeprefix(folder) for path in paths if path.startswith(folder)]
        if len(files) <= _STARTED_AT_ONCE:
            self._started |= {file: self._subdir_index.runtime.submit(partial(self._read, file)) for file in files}

    def lookups(self, files: Iterable[str]) -> dict[str, Attested]:
        """The lookups of these files for a Change."""
        return {file: partial(self.look, file) for file in files}

    def look(self, file: str, sha256: str, now: str | None) -> str | None:
        """What the record of the file should have as `attestations_sha256`, see Attested.

        A broken sidecar leaves the field as it is: the copy that it names may well be there.
        """
        started, written = self._started.pop(file, None), self._written.pop(file, None)
        if written is not None:
            return attestations_sha256(written, sha256)
        self._broken.pop(file, None)
        try:
            found = started() if started else self._read(file)
            digest = attestations_sha256(found.data, sha256) if found else None
            if found is None or digest is None:
                return None
            copy = self._copies.get(immutable_name(file, digest)) if self._copies is not None else None
            if copy is None and (self._copies is not None or digest != now):
                self.copied.add(file)
                self._put_copy(file, found.data)
        except SidecarError as error:
            self._broken[file] = str(error)
            return now
        if copy is not None and copy.etag != found.entry.etag:
            self.seen[sidecar_name(file)] = (found.entry.etag, digest)
        return digest

    def add(self, file: str, new: Sidecar, *, fresh: bool) -> None:
        """Append these bundles to the file's sidecar. If it is broken, or full, it stays as it is and is left out.

        `fresh`: the package was not there before, so its sidecar is not looked for before a PUT fails.
        Only in the change of a commit, as `start`. Raises ConflictError where other writers won all attempts, and
        StorageError.
        """
        self._refused.pop(file, None)
        try:
            self._written[file] = self._append(file, new, None if fresh else self._read(file))
        except SidecarError as error:
            self._refused[file] = str(error)

    def _append(self, file: str, new: Sidecar, found: StoredObject | None) -> bytes:
        """Append to the sidecar that was found; the bytes that it has then."""
        name = sidecar_name(file)
        for attempt in range(ATTEMPTS):
            data = Sidecar.parse(found.data).appended(new) if found else new.data
            self._put_copy(file, data)
            if found and data == found.data:
                return data
            try:
                self._put(name, data, CACHE_CONTROL, IfMatch(found.entry.etag) if found else IfAbsent())
            except ConflictError:
                # It was changed, or is our own whose answer was lost.
                if attempt:
                    self._subdir_index.runtime.pause(attempt)
                found = self._read(file)
                continue
            return data
        raise ConflictError(f"other writers changed {name} first, {ATTEMPTS} times", remedy="publish it again")

    def left_out(self) -> list[LeftOut]:
        """The sidecars that are broken, or could not be appended to."""
        subdir = self._subdir_index.subdir
        return [
            LeftOut(package=f"{subdir}/{sidecar_name(file)}", reason=reason, remedy=RESIGN)
            for file, reason in sorted({**self._broken, **self._refused}.items())
        ]

    def _read(self, file: str) -> StoredObject | None:
        """The sidecar in the store. Raises SidecarError for one that is too large, and StorageError."""
        found = get_within(self._subdir_index.store, self._subdir_index.key(sidecar_name(file)), MAX_SIDECAR)
        if found is not None and not isinstance(found, StoredObject):
            raise SidecarError(f"is larger than {MAX_SIDECAR >> 20} MiB")
        return found

    def _put_copy(self, file: str, data: bytes) -> None:
        """Put the copy that never changes. Raises SidecarError where other bytes lie there."""
        name = immutable_name(file, hashlib.sha256(data).hexdigest())
        if self._mode == "check":
            return
        try:
            self._put(name, data, IMMUTABLE, IfAbsent())
        except ConflictError as error:
            found = get_within(self._subdir_index.store, self._subdir_index.key(name), MAX_SIDECAR)
            if found is not None and (not isinstance(found, StoredObject) or found.data != data):
                raise SidecarError(f"has other bytes than its copy {name}") from error

    def _put(self, name: str, data: bytes, cache_control: str, condition: IfAbsent | IfMatch) -> None:
        body = ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=cache_control)
        self._subdir_index.store.put(self._subdir_index.key(name), body, condition)
