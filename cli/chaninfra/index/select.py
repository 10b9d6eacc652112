"""Finds the packages that command line arguments name: by file, package name or match spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError, StorageError

_MAX_VERSION = 1000
"""rattler's parsers recurse, and a text with some thousand brackets crashes the process."""
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Candidate:
    """A package that can be selected; `record` is its repodata record as JSON."""

    subdir: str
    file: str
    record: bytes

    @property
    def path_in_channel(self) -> str:
        """`<subdir>/<file>`."""
        return f"{self.subdir}/{self.file}"


def select(words: Sequence[str], candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """Word → the candidates that it names. A word is a file (`a-1-0.conda`, `noarch/a-1-0.conda`), a package name
    (`a`), or a match spec (`a >=1,<2`).

    Raises ConfigurationError where a word is none of these.
    """
    all_candidates = [*candidates]
    selected = {}
    for word in words:
        matches = _matcher(word)
        selected[word] = [candidate for candidate in all_candidates if matches(candidate)]
    return selected


def _matcher(word: str) -> Callable[[Candidate], bool]:
    subdir, slash, file = word.rpartition("/")
    if suffix_of(word) and (not slash or subdir in KNOWN_SUBDIRS):
        return lambda candidate: candidate.file == file and (not slash or candidate.subdir == subdir)
    if _NAME.fullmatch(word):
        return lambda candidate: (facts := _facts(candidate)) is not None and facts.identity()[0] == word
    from rattler import MatchSpec, PackageRecord
    from rattler.exceptions import InvalidMatchSpecError
    from rattler.package.build_string import BuildString

    try:
        spec = MatchSpec(word)
    except InvalidMatchSpecError as error:
        raise ConfigurationError(
            f"is not a match spec: {str(error).splitlines()[0]}",
            where=word,
            remedy="write `name`, `name==1.2.3`, `name >=1,<2`, or the name of a file",
        ) from error

    def matches(candidate: Candidate) -> bool:
        facts = _facts(candidate)
        if facts is None:
            return False
        name, version, build = facts.identity()
        if spec.name is not None and spec.name.normalized != name:
            return False
        if len(version) > _MAX_VERSION:
            return False
        try:
            record = PackageRecord(name, version, BuildString(build), facts.build_number, subdir=candidate.subdir)
        except Exception:
            # py-rattler raises exceptions of many kinds; each of them means that no client could select the record.
            return False
        return bool(spec.matches(record))

    return matches


def _facts(candidate: Candidate) -> RecordFacts | None:
    """None for an invalid record of a file that is no conda package. Raises StorageError for one of a package."""
    try:
        facts = read_facts(candidate.record, "name", "version", "build", "build_number")
        facts.identity()
    except MALFORMED as error:
        if suffix_of(candidate.file) is None:
            return None
        raise StorageError(
            f"the record of {candidate.file} is not valid: {error}",
            where=f"{candidate.subdir}/{REPODATA}",
            remedy="rebuild the index: `chaninfra reindex --force`",
        ) from error
    return facts
