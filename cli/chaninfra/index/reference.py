"""An Indexer by py-rattler's own indexer, `rattler.index.index_s3`.

It is given credentials, since it does not look for any when it is told of an endpoint. Its errors are text, and one
package that it cannot read ends its run without a name: a request of our own goes ahead of it and finds what is wrong
with bucket and credentials, and after a failure the packages that were new to it are looked at one by one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaninfra.channel.answers import storage_error
from chaninfra.channel.control import our_errors
from chaninfra.channel.errors import (
    ChaninfraError,
    ConflictError,
    InvalidRepodataError,
    RefusedError,
    StorageError,
)
from chaninfra.channel.formats import REPODATA, Repodata
from chaninfra.channel.store import ObjectStore
from chaninfra.channel.subdirs import Subdir, is_package
from chaninfra.index.channel import Channel
from chaninfra.index.indexer import Report, Scope, SubdirReport
from chaninfra.index.listing import read_index
from chaninfra.index.package_archive import read_file
from chaninfra.index.record import PackageError, suffix_of

PATCHED = "repodata_from_packages.json"
_ATTEMPTS = 5


class ReferenceIndexer:
    """See Indexer. The files it writes carry its own Cache-Control, and no Content-Type."""

    def reindex(self, channel: Channel, subdirs: Sequence[Subdir], scope: Scope) -> Report:
        """See Indexer; `left_out` is always empty, since one unreadable package fails the whole run."""
        store = channel.store()
        reports = []
        before = {subdir: _check(store, channel, subdir, scope) for subdir in subdirs}
        for subdir, old in before.items():
            _index_subdir(store, channel, subdir, scope, old)
            new = read_index(store, channel, subdir)
            reports.append(
                SubdirReport(subdir=subdir, before=old.count if old else None, after=new.count if new else 0)
            )
        return Report(subdirs=tuple(reports))


def _check(store: ObjectStore, channel: Channel, subdir: Subdir, scope: Scope) -> Repodata | None:
    """The index that is there; every way in which the store can refuse shows here first, each as its own error."""
    if store.head(channel.descriptor.key(subdir, PATCHED)) is not None:
        raise RefusedError(
            f"another tool patches this index ({PATCHED} is there), and an index made from the packages alone "
            "would undo its patches",
            where=channel.url(subdir),
            remedy=f"index it with that tool, or delete {PATCHED} if nobody uses it any more",
        )
    try:
        old = read_index(store, channel, subdir)
    except InvalidRepodataError:
        if scope == "all":
            return None
        raise
    if old is not None and (base := old.info().get("base_url")):
        raise RefusedError(
            f"the packages of this index lie elsewhere (base_url {base}), and an index made from those that are here "
            "would lose them",
            where=channel.url(subdir, REPODATA),
            remedy=f"index it with the tool that made it; or, if the packages here are all there are, delete {REPODATA}"
            " and run `chaninfra reindex`",
        )
    return old


def _index_subdir(store: ObjectStore, channel: Channel, subdir: Subdir, scope: Scope, before: Repodata | None) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            _run(channel, subdir, scope)
        except ConflictError:
            if attempt + 1 == _ATTEMPTS:
                raise
            # Not all at once again.
            time.sleep(random.uniform(0.1, 0.5) * (attempt + 1))  # noqa: S311 (no secret hangs on it)
        except StorageError as error:
            if type(error) is StorageError:
                _name_unreadable(store, channel, subdir, scope, before)
            raise
        else:
            return


def _run(channel: Channel, subdir: Subdir, scope: Scope) -> None:
    from rattler.config import Config
    from rattler.exceptions import CacheDirError
    from rattler.index import S3Credentials, index_s3
    from rattler.platform import Subdir as RattlerSubdir

    descriptor, credentials = channel.descriptor, channel.credentials
    writes = descriptor.index.conditional_writes
    given = S3Credentials(
        endpoint_url=descriptor.endpoint_url,
        region=descriptor.region,
        access_key_id=credentials.access_key_id if credentials else None,
        secret_access_key=credentials.secret_access_key if credentials else None,
        session_token=credentials.session_token if credentials else None,
        addressing_style="path" if descriptor.force_path_style else "virtual-host",
    )
    try:
        with _no_stored_logins() as logins, _quiet():
            asyncio.run(
                index_s3(
                    descriptor.url,
                    given,
                    target_platform=RattlerSubdir(subdir),
                    write_zst="zst" in descriptor.index.formats,
                    write_shards="shards" in descriptor.index.formats,
                    force=scope == "all",
                    precondition_checks=writes is None or (writes.create and writes.replace),
                    config=Config.from_toml(f"authentication-override-file = {json.dumps(str(logins))}\n"),
                )
            )
    # The one class that it raises for what a store answers.
    except CacheDirError as error:
        raise _explained(channel, subdir, str(error)) from error


def _explained(channel: Channel, subdir: Subdir, text: str) -> ChaninfraError:
    code = re.search(r'S3Error \{ code: "(\w+)"', text)
    status = re.search(r"\bstatus: (\d{3})\b", text)
    doing = "write" if "at write" in text or "Writer::" in text else "read"
    location = channel.descriptor.location
    key = channel.descriptor.key(subdir)
    if code or status:
        return storage_error(location, code[1] if code else "", int(status[1]) if status else 0, doing=doing, key=key)
    if "ConditionNotMatch" in text:
        return storage_error(location, "PreconditionFailed", 412, doing=doing, key=key)
    if "error sending request" in text:
        return storage_error(location, "", None, doing=doing, key=key)
    return StorageError(
        f"the indexer failed: {text.splitlines()[0] if text else 'it says nothing'}",
        where=channel.url(subdir),
        remedy="try again with --force, which reads every package anew",
    )


def _name_unreadable(
    store: ObjectStore, channel: Channel, subdir: Subdir, scope: Scope, before: Repodata | None
) -> None:
    """Raises StorageError that names the packages that cannot be read, where there are any."""
    indexed = {file for _, _, file, _ in before.names()} if before and scope == "changed" else set()
    client = channel.client()
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        for entry in store.list(channel.descriptor.key(subdir)):
            name = entry.key.rsplit("/", 1)[-1]
            if not is_package(entry.key) or name in indexed:
                continue
            copy = Path(folder, name)
            with our_errors(channel.descriptor.location, "read", entry.key):
                client.download_file(channel.descriptor.bucket, entry.key, str(copy))
            try:
                read_file(copy, suffix_of(name) or ".conda")
            except PackageError as error:
                bad.append(f"{name} {error}")
            copy.unlink()
    if bad:
        raise StorageError(
            f"cannot be indexed: {'; '.join(bad)}",
            where=channel.url(subdir),
            remedy="delete it, or put a good copy there with `chaninfra publish --force`; then reindex",
        )


@contextmanager
def _no_stored_logins() -> Iterator[Path]:
    """A store of logins without a login: the library opens one in any case, and fails where HOME is not writable."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "logins.json")
        file.write_text("{}", "utf-8")
        yield file


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what the library writes to this process's stderr: it prints a stack of its own for a bad package."""
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
