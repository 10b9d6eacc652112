"""What others delete for good in the target while a copy goes on: that does not come back by the copy.

A deletion is entered into withdrawn.json before the file goes, so what is entered there since the plan was made is
neither brought nor committed. What was entered before may be copied: somebody asks for it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from chaninfra.channel.conda.object_names import WITHDRAWN_JSON
from chaninfra.channel.errors import SkippedError
from chaninfra.index.channel import Channel
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.withdrawal.document import Withdrawn, read_withdrawn

DELETED = "was deleted for good in the channel while the copy went on"


def deleted_for_good(channel: Channel) -> Withdrawn:
    """What was deleted until now, or is being deleted, by one GET. Raises StorageError."""
    return read_withdrawn(channel.writer, channel.descriptor.key(WITHDRAWN_JSON))[0]


class Deletions:
    """The packages that were deleted since the plan was made. Several threads may ask for them."""

    def __init__(self, channel: Channel, before: Withdrawn) -> None:
        self._channel = channel
        self._before = _entries(before)
        self._since: Collection[str] = frozenset()

    def look(self) -> None:
        """Read again what was deleted. Raises StorageError."""
        self._since = frozenset(path for path, _ in _entries(deleted_for_good(self._channel)) - self._before)

    def of(self, path: str, *, put: bool = False) -> SkippedError | None:
        """The error for a package, `<subdir>/<file>`, that was deleted; None: it was not. `put`: the copy has put its
        bytes.
        """
        if path not in self._since:
            return None
        remedy = "leave it out with `--exclude`; or copy it again if it is to be there"
        if put:
            remedy = f"its file may be there again, in no index: `chaninfra delete {path} --reason TEXT` takes it away"
        return SkippedError(DELETED, remedy=remedy)


def was_deleted(document: Withdrawn) -> Callable[[SourcePackage], bool]:
    """Whether a package was deleted for good, with these bytes: other bytes are another package."""
    known = {(each.path, sha256) for each in document.packages for sha256 in each.sha256}
    return lambda package: bool(known) and (package.path_in_channel, (package.facts.sha256 or "").lower()) in known


def _entries(document: Withdrawn) -> frozenset[tuple[str, object]]:
    return frozenset((each.path, (*each.sha256, each.when, each.stage)) for each in document.packages)
