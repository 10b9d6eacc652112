"""Finds the packages that command line arguments name: by file, package name or match spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from chaninfra.channel.conda.filenames import PackageFileName, package_name, suffix_of
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts, facts_in, read_facts
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ChaninfraError, ConfigurationError

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


_LISTING = "`chaninfra ls` lists the packages of the channel"
_FORMS = "write `name`, `name==1.2.3`, `name >=1,<2`, or the name of a file"


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
        matches = matcher(word)
        selected[word] = [candidate for candidate in all_candidates if matches(candidate)]
    return selected


def choose(words: Sequence[str], candidates: Sequence[Candidate], others: Iterable[Candidate] = ()) -> list[Candidate]:
    """The candidates that the words name, each once.

    Raises ChaninfraError for a word that names none of them. `others` are packages in the index, which `unyank` does
    not take: a word that names one of those names a package that is not yanked.
    """
    selected = select(words, candidates)
    unknown = [word for word, found in selected.items() if not found]
    if not unknown:
        return list({each.path_in_channel: each for found in selected.values() for each in found}.values())
    in_index = [*others]
    not_yanked = {each.path_in_channel for found in select(unknown, in_index).values() for each in found}
    if not_yanked:
        raise ChaninfraError(
            f"not yanked: {', '.join(sorted(not_yanked))}",
            remedy="it is in the index; leave it out"
            if len(not_yanked) == 1
            else "they are in the index; leave them out",
        )
    raise ChaninfraError(
        f"there is no such package: {', '.join(unknown)}", remedy=nearest_to(unknown, candidates, in_index)
    )


def nearest_to(unknown: Sequence[str], *candidates: Iterable[Candidate], listing: str = _LISTING) -> str:
    """What these words, which select nothing, may have been meant for, and how to see all that there are."""
    files = {each.file for each in chain(*candidates)}
    return nearest_of(unknown, {*files, *map(package_name, files)}, listing)


def nearest_of(unknown: Sequence[str], names: Collection[str], listing: str) -> str:
    """As `nearest_to`, of these names of packages and files."""
    from difflib import get_close_matches

    # The name of a spec that excludes all its versions is right: to follow such a hint would select them all.
    close = [
        [] if (name := _name_in(word)) in names else get_close_matches(name, names, n=1, cutoff=0.7) for word in unknown
    ]
    near = dict.fromkeys(f"'{found[0]}'" for found in close if found)
    return f"did you mean {', '.join(near)}? {listing}" if near else listing


def name_of(word: str) -> str:
    """The name of the packages that a word can select, as clients look it up. Raises ConfigurationError as `select`."""
    matcher(word)
    if suffix_of(word):
        return package_name(word.rpartition("/")[2])
    if _NAME.fullmatch(word):
        return client_name(word)
    from rattler import MatchSpec

    name = MatchSpec(word).name
    return "" if name is None else name.normalized


def _name_in(word: str) -> str:
    """The file of `noarch/a-1-0.conda`, or the name of `a >=1`."""
    file = word.rpartition("/")[2]
    name = None if suffix_of(file) else _NAME.match(word)
    return name[0] if name else file


def matcher(word: str) -> Callable[[Candidate], bool]:
    """Whether a word names a candidate, see `select`. Raises ConfigurationError for what is no such word."""
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
        remedy = f"give the name of the file, without its folder: {file}" if suffix_of(word) else _FORMS
        raise ConfigurationError(
            f"is not a match spec: {str(error).splitlines()[0]}", where=word or "''", remedy=remedy
        ) from error
    if spec.channel is not None:
        raise _of_a_channel(word)
    if spec.file_name is not None or 'url="' in str(spec):
        # rattler reads a path as a URL, and its records have neither, so that every version of the name would match.
        remedy = f"give the name of the file, without its folder: {file}" if suffix_of(word) else _FORMS
        raise ConfigurationError("names one file, but not as the channel does", where=word, remedy=remedy)

    def matches(candidate: Candidate) -> bool:
        # rattler does not compare it.
        if spec.subdir not in (None, candidate.subdir):
            return False
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


def _of_a_channel(word: str) -> ConfigurationError:
    """The error for `conda-forge::a`, and for `noarch::a`, which names a channel too."""
    before, _, name = word.rpartition("::")
    if before in KNOWN_SUBDIRS and _NAME.fullmatch(name):
        remedy = f"for a subdir write: {name}[subdir={before}]"
    else:
        remedy = f"leave the channel out: {name}" if before else f"leave `channel` out; {_FORMS}"
    return ConfigurationError("names a channel, and a command is about one channel alone", where=word, remedy=remedy)


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
