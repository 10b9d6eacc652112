"""Whether the bytes of a package are those that its record tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConflictError, CredentialsError, DeniedError, SkippedError
from chaninfra.channel.text import shown
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.package.archive import IndexedPackage, UnreadablePackageError
from chaninfra.index.package_reader import misplaced
from chaninfra.index.stored import Content

MOST = 80 << 30
"""The most bytes of a package: what an upload in 10,000 parts holds."""


class UnreadableSourceError(DeniedError):
    """The source does not give this file to whoever copies; it may give others."""


def content_of(package: SourcePackage, url: str) -> Content:
    """The bytes that the record tells; `url` is that of the source. Raises SkippedError where it tells no digest."""
    try:
        facts = package.facts
    except MALFORMED as error:
        raise skipped(package, url, f"has a record that is not valid: {error}") from error
    sha256, md5 = _digest(facts.sha256, 64), _digest(facts.md5, 32)
    for name, text, digest in (("sha256", facts.sha256, sha256), ("md5", facts.md5, md5)):
        if text is not None and digest is None:
            raise skipped(package, url, f"has a record with the {name} {shown(text)}, which is none")
    if sha256 is None and md5 is None:
        raise skipped(
            package, url, "has a record without sha256 and md5, so nobody can tell whether its bytes are right"
        )
    if facts.size is not None and not 0 < facts.size <= MOST:
        raise skipped(package, url, f"has a record with the size {facts.size:,} bytes, which no package has")
    return Content(size=facts.size, md5=md5, sha256=sha256)


def _digest(text: str | None, length: int) -> str | None:
    found = re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", text or "")
    return found[0].lower() if found else None


def bounded(package: SourcePackage, url: str, content: Content, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks. Raises SkippedError as soon as they are more than the record tells, and where the source replaces the
    file meanwhile; UnreadableSourceError where the source denies it.
    """
    most = MOST if content.size is None else content.size
    size = 0
    try:
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise skipped(package, url, f"has more than {most:,} bytes, and its record tells no more")
            yield chunk
    except ConflictError as error:
        # Not one of the target.
        raise skipped(package, url, "was replaced while it was read") from error
    except CredentialsError:
        raise
    except DeniedError as error:
        raise UnreadableSourceError(
            error.message, where=error.where, remedy=error.remedy, code=error.code, status=error.status
        ) from error


def read_checked(
    package: SourcePackage, url: str, content: Content, read: Callable[[], IndexedPackage]
) -> IndexedPackage:
    """The package that `read` reads to its end. Raises SkippedError where it is not the content, is no package, or has
    the file name or the folder of another one: it could not be indexed.
    """
    try:
        made = read()
    except UnreadablePackageError as error:
        wrong = content.difference(None, error.md5, error.sha256)
        raise skipped(package, url, _other(wrong) if wrong else str(error)) from error
    if wrong := content.difference(made.size, made.md5, made.sha256):
        raise skipped(package, url, _other(wrong))
    if reason := misplaced(package.subdir, package.file, made.index):
        raise skipped(package, url, reason)
    return made


def _other(difference: str) -> str:
    return f"has other bytes than its record tells: {difference}"


def skipped(package: SourcePackage, url: str, why: str) -> SkippedError:
    """The error for a package of the source that is not copied; `why` completes "the package …"."""
    return SkippedError(
        why,
        where=f"{url.rstrip('/')}/{package.path_in_channel}",
        remedy="copy it again once that channel is mended, or leave it out with `--exclude`",
    )
