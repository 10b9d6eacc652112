"""Anonymous access: what anyone may do without credentials, compared with the declared visibility."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import IfAbsent, StoredObject
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.trust import context_for
from chaninfra.doctor.dry_writes import try_write

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_OR_DECLARE = "; or set `visibility` to what is intended"


def anonymous(exam: Examination) -> Iterator[Finding]:
    """Anyone may read a public channel; reading another channel, and writing to any, needs credentials."""
    visibility = exam.descriptor.visibility
    wrong = [*(_reading_public(exam) if visibility == "public" else _reading_private(exam)), *_writing(exam)]
    yield from wrong
    if not wrong:
        access = (
            f"anyone may read it: {_url(exam)}" if visibility == "public" else "nobody may read it without credentials"
        )
        found = f"the channel is {visibility}, and {access}"
        yield Finding(state="ok", found=found)


def _reading_private(exam: Examination) -> Iterator[Finding]:
    from chaninfra.channel.s3.object_store import S3Store

    descriptor = exam.descriptor
    store = S3Store(descriptor.location, None)
    allowed = []
    if isinstance(exam.read(descriptor.location, descriptor.key(NOARCH, _index_file(exam)), None), StoredObject):
        allowed.append("read it")
    try:
        if next(store.list(descriptor.key()), None) is not None:
            allowed.append("list it")
    except ChaninfraError:
        # Any error will do: no listing was obtained.
        pass
    if allowed:
        yield Finding(
            state="failed",
            found=f"the channel is {descriptor.visibility}, but anyone may {' and '.join(allowed)}",
            remedy=_policy(exam, f"remove public read access from the bucket's policy and settings{_OR_DECLARE}"),
        )


def _reading_public(exam: Examination) -> Iterator[Finding]:
    url = f"{_url(exam)}/{NOARCH}/{_index_file(exam)}"
    status = _status(url)
    if status != 200:
        answer = "no answer" if status is None else f"http {status}"
        yield Finding(
            state="failed",
            found=f"the channel is public, but cannot be read without credentials: {answer} for {url}",
            remedy=_policy(exam, f"allow everyone s3:GetObject in the bucket's policy or settings{_OR_DECLARE}"),
        )
        return
    missing = _status(f"{_url(exam)}/{quote(CHANINFRA_FOLDER)}/doctor/absent")
    if missing != 404:
        answer = "no answer" if missing is None else f"http {missing}"
        yield Finding(
            state="warning",
            found=f"{answer} for a missing file, where pixi stops instead of trying the next file",
            remedy="allow everyone s3:ListBucket too",
        )


def _writing(exam: Examination) -> Iterator[Finding]:
    from chaninfra.channel.s3.object_store import S3Store

    tried = exam.dry_writes
    if tried is None or not tried.honoured:
        # The store could carry out a write whose condition fails.
        return
    try:
        outcome = try_write(S3Store(exam.descriptor.location, None), tried.key, tried.object, IfAbsent())
    except ChaninfraError:
        return
    if outcome in ("honoured", "ignored"):
        remedy = _policy(exam, "remove public write access from the bucket's policy and settings")
        yield Finding(state="failed", found="anyone may write", remedy=remedy)


def _index_file(exam: Examination) -> str:
    """The name of an index file that every subdir has."""
    return FILE_NAMES[exam.settings.formats[0]]


def _policy(exam: Examination, change: str) -> str:
    """The command that restores the declared bucket policy if a stack declares it, else the change in words."""
    return f"{exam.remedies.pulumi_up()} --refresh" if exam.remedies.source == "stack" else change


def _url(exam: Examination) -> str:
    descriptor = exam.descriptor
    return (descriptor.public_url or descriptor.location.url(descriptor.prefix)).rstrip("/")


def _status(url: str) -> int | None:
    """The HTTP status of an anonymous HEAD; None if there is no answer."""
    try:
        request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "chaninfra"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10, context=context_for(url)) as answer:  # noqa: S310 (ours)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, HTTPException):
        return None
