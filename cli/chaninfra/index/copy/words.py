"""Match specs and names of files, as `index.select` takes them, for many packages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from chaninfra.channel.conda.filenames import package_name
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.select import Candidate, matcher, name_of


class Words:
    """Words by the name of their packages, so that each package is compared only with those of its name.

    Rule: a record whose name is not that of its file is named by no word.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Raises ConfigurationError where one is no spec and no file."""
        self._by_name: dict[str, list[tuple[str, Callable[[Candidate], bool]]]] = {}
        for word in dict.fromkeys(words):
            self._by_name.setdefault(name_of(word), []).append((word, matcher(word)))

    @property
    def names(self) -> Collection[str]:
        """The names of the packages that they can name, as clients look them up."""
        return self._by_name.keys()

    def naming(self, package: SourcePackage) -> list[str]:
        """The words that name this package."""
        words = self._by_name.get(package_name(package.file)) if self._by_name else None
        if words is None:
            return []
        candidate = Candidate(package.subdir, package.file, bytes(package.record))
        return [word for word, matches in words if matches(candidate)]
