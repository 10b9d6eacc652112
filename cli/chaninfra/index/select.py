"""Finds the packages that command line arguments name: by file, package name or match spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import PackageFileName, suffix_of
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts, facts_in, read_facts
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MAX_BUILD_NUMBER = (1 << 64) - 1
_MAX_TEXT = 1000
"""rattler's parsers recurse, and a text with some thousand brackets crashes the process."""


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

    Names are compared as clients do, without regard to case. A candidate whose version or build string rattler does not
    accept is selected only by a spec that does not ask for it.

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
        return lambda candidate: client_name(_facts(candidate).identity()[0]) == client_name(word)
    from rattler import MatchSpec, PackageRecord, Version
    from rattler.exceptions import InvalidMatchSpecError
    from rattler.package.build_string import BuildString

    try:
        spec = MatchSpec(word)
    except (InvalidMatchSpecError, UnicodeEncodeError) as error:
        raise ConfigurationError(
            f"is not a match spec: {str(error).splitlines()[0]}",
            where=word,
            remedy="write `name`, `name==1.2.3`, `name >=1,<2`, or the name of a file",
        ) from error

    def matches(candidate: Candidate) -> bool:
        facts = _facts(candidate)
        name, version, build = facts.identity()
        if spec.name is not None and spec.name.normalized != client_name(name):
            return False
        has_version, has_build = _accepts(Version, version), _accepts(BuildString, build)
        if (spec.version is not None and not has_version) or (spec.build is not None and not has_build):
            return False
        try:
            record = PackageRecord(
                "x" if spec.name is None else spec.name.normalized,
                version if has_version else "0",
                BuildString(build if has_build else "0"),
                min(max(facts.build_number, 0), _MAX_BUILD_NUMBER),
                subdir=candidate.subdir,
            )
        except Exception:
            # py-rattler raises exceptions of many kinds; each of them means that no client could select the record.
            return False
        return bool(spec.matches(record))

    return matches


def _accepts(parse: Callable[[str], object], text: str) -> bool:
    """Whether rattler accepts a version or a build string."""
    from rattler.exceptions import InvalidVersionError

    if len(text) > _MAX_TEXT:
        return False
    try:
        parse(text)
    except (ValueError, InvalidVersionError):
        return False
    return True


def _facts(candidate: Candidate) -> RecordFacts:
    """What the record says, or, where it is not valid, the file name."""
    try:
        facts = read_facts(candidate.record, "name", "version", "build", "build_number")
        facts.identity()
    except MALFORMED:
        return facts_in(PackageFileName.parse(candidate.file).record(), "name", "version", "build")
    return facts
