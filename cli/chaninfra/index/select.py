"""Which packages somebody means who names packages, files or match specs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@prepared
class _Record(msgspec.Struct):
    name: str
    version: str
    build: str
    build_number: int = 0


@dataclass(frozen=True)
class Candidate:
    """A package that may be meant; `record` is its record as JSON."""

    subdir: str
    file: str
    record: bytes

    @property
    def label(self) -> str:
        """`<subdir>/<file>`."""
        return f"{self.subdir}/{self.file}"


def select(words: Sequence[str], candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """The candidates that each word means: a file (`a-1-0.conda`, or with its subdir), a package name, or a match spec.

    Raises ConfigurationError where a word is none of them.
    """
    everything = [*candidates]
    return {word: [each for each in everything if matches(each)] for word in words for matches in [_matcher(word)]}


def _matcher(word: str) -> Callable[[Candidate], bool]:
    subdir, slash, file = word.rpartition("/")
    if word.endswith(PACKAGE_SUFFIXES) and (not slash or subdir in KNOWN_SUBDIRS):
        return lambda each: each.file == file and (not slash or each.subdir == subdir)
    if _NAME.fullmatch(word):
        return lambda each: _record(each).name == word
    from rattler import MatchSpec, PackageRecord
    from rattler.exceptions import InvalidMatchSpecError
    from rattler.package.build_string import BuildString

    try:
        spec = MatchSpec(word)
    except InvalidMatchSpecError as error:
        raise ConfigurationError(
            f"is no match spec: {str(error).splitlines()[0]}",
            where=word,
            remedy="write `name`, `name==1.2.3`, `name >=1,<2`, or the name of a file",
        ) from error

    def matches(each: Candidate) -> bool:
        record = _record(each)
        if spec.name is not None and spec.name.normalized != record.name:
            return False
        build = BuildString(record.build)
        found = PackageRecord(record.name, record.version, build, record.build_number, subdir=each.subdir)
        return bool(spec.matches(found))

    return matches


def _record(each: Candidate) -> _Record:
    return msgspec.json.decode(each.record, type=_Record)
