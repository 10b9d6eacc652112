"""How far a command is: its stages, and what is done of each."""

from __future__ import annotations

from typing import Literal, Protocol

Unit = Literal["package", "subdir", "check"]
"""What a stage counts."""


class Progress(Protocol):
    """Callbacks that tell how far a command is. All but `stage` and `total` are called from several threads."""

    def stage(self, label: str, count: int | None = None, size: int | None = None, *, unit: Unit = "package") -> None:
        """The next stage begins, such as `uploading`: it has `count` things to do, of `size` bytes together; None: that
        is not known. What was told of the stage before ends here.
        """

    def total(self, count: int, size: int) -> None:
        """How much the stage has to do is known now; what is done already is a part of it."""

    def begin(self, what: str) -> None:
        """A thing of the stage begins, such as `<subdir>/<file>`; in a log this is a line."""

    def at(self, what: str) -> None:
        """As `begin`, and no line in a log."""

    def advance(self, size: int) -> None:
        """`size` bytes more are done."""

    def done(self, size: int = 0) -> None:
        """One thing more is done; `size`: its bytes that `advance` was not called for."""

    def failed(self, what: str, why: str) -> None:
        """A thing of the stage has failed, and the others go on."""


class Silent:
    """A Progress that does nothing."""

    def stage(self, label: str, count: int | None = None, size: int | None = None, *, unit: Unit = "package") -> None:
        """See Progress."""

    def total(self, count: int, size: int) -> None:
        """See Progress."""

    def begin(self, what: str) -> None:
        """See Progress."""

    def at(self, what: str) -> None:
        """See Progress."""

    def advance(self, size: int) -> None:
        """See Progress."""

    def done(self, size: int = 0) -> None:
        """See Progress."""

    def failed(self, what: str, why: str) -> None:
        """See Progress."""


SILENT = Silent()
"""Tells nobody."""
