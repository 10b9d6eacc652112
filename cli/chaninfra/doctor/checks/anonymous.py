"""What anybody may do, without credentials, beside what is declared."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from urllib.parse import quote

from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import IfAbsent, StoredObject
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.doctor.dry_writes import try_write
from chaninfra.doctor.examination import Case


def anonymous(case: Case) -> Iterator[Finding]:
    """Everybody may read a public channel, nobody else's; and nobody may write."""
    wrong = [*(_of_public(case) if case.descriptor.visibility == "public" else _of_private(case)), *_writing(case)]
    yield from wrong
    if not wrong:
        visibility = case.descriptor.visibility
        may = f"everybody may read it: {_url(case)}" if visibility == "public" else "nobody reads without credentials"
        yield Finding(name="anonymous", state="ok", found=f"the channel is {visibility}, and {may}")


def _of_private(case: Case) -> Iterator[Finding]:
    described = case.descriptor
    store = S3Store(described.location, None)
    may = []
    if isinstance(case.read(described.location, described.key(NOARCH, REPODATA), None), StoredObject):
        may.append("read it")
    try:
        if next(store.list(described.key()), None) is not None:
            may.append("list it")
    except ChaninfraError:
        # Whatever it is that keeps nobody out, a listing was not had.
        pass
    if may:
        yield _failed(
            f"the channel is {described.visibility}, and everybody may {' and '.join(may)}",
            _policy(case, "take what lets everybody in out of the bucket's policy and its settings"),
        )


def _of_public(case: Case) -> Iterator[Finding]:
    url = _url(case)
    status = _status(f"{url}/{NOARCH}/{REPODATA}")
    if status != 200:
        answer = "no answer" if status is None else f"http {status}"
        yield _failed(
            f"the channel is public, and not everybody may read it: {answer} for {url}/{NOARCH}/{REPODATA}",
            _policy(case, "let everybody read (s3:GetObject) by the bucket's policy or its settings"),
        )
        return
    missing = _status(f"{url}/{quote(CHANINFRA_FOLDER)}/doctor/absent")
    if missing != 404:
        yield Finding(
            name="anonymous",
            state="warning",
            found=f"http {missing} for a file that is not there, where pixi stops instead of trying the next",
            remedy="let everybody list the bucket too (s3:ListBucket), or keep every format in `index.formats`",
        )


def _writing(case: Case) -> Iterator[Finding]:
    tried = case.trial
    if tried is None or not tried.honoured:
        return
    try:
        verdict = try_write(S3Store(case.descriptor.location, None), tried.key, tried.object, IfAbsent())
    except ChaninfraError:
        return
    if verdict in ("honoured", "ignored"):
        yield _failed("everybody may write", _policy(case, "take the right to write out of the bucket's policy"))


def _policy(case: Case, change: str) -> str:
    if case.remedies.source == "stack":
        return f"{case.remedies.up()} --refresh"
    return f"{change}; or declare the channel as it is (`visibility`)"


def _url(case: Case) -> str:
    described = case.descriptor
    return (described.public_url or described.location.url(described.prefix)).rstrip("/")


def _status(url: str) -> int | None:
    try:
        request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "chaninfra"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (the channel's own URL)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, HTTPException):
        return None


def _failed(found: str, remedy: str) -> Finding:
    return Finding(name="anonymous", state="failed", found=found, remedy=remedy)
