"""What merging into TOML and into YAML share: the file is parsed, its text is edited, and the result is checked.

The values that the file must have afterwards are computed first, without its text. An edit then changes the text in
place, so that comments, order and quotes stay. The new text is parsed again, and is used only if it has exactly these
values.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chaninfra.channel.errors import ConfigurationError, ExitCode
from chaninfra.manifest.rendered import Document, Rendered

Edit = Callable[[str, Any, Any], str | None]
"""(text, its values, the values that it must have) → the edited text, or None if the edit cannot be made."""


class MergeError(ConfigurationError):
    """The file has another content than it must have, and a merge cannot give it that. Nothing was written.

    The exit code is that of a file that is not up to date, so that `--check` has one answer for both.
    """

    exit_code = ExitCode.FAILED


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """A file type, its parser, and the ways to edit its text."""

    name: str
    """As messages name it: "TOML"."""
    parse: Callable[[str], Any]
    errors: tuple[type[Exception], ...]
    """What `parse` raises for text that it does not accept."""
    problem: Callable[[Exception], str]
    """What one of these errors says is wrong, and where in the text, in one line."""
    edits: tuple[Edit, ...]
    """Tried in this order."""
    write: Callable[[Sequence[str], Any], str]
    """(notes, values) → text."""

    def load(self, text: str, where: str) -> Any:
        """The values of the text. Raises ConfigurationError if it cannot be parsed."""
        try:
            return self.parse(text)
        except self.errors as error:
            raise ConfigurationError(
                f"is not {self.name}: {self.problem(error)}", where=where, remedy="correct it; nothing was written"
            ) from None

    def edit(self, text: str, before: Any, after: Any, rendered: Rendered, where: str) -> str:
        """`text`, which has the values `before`, changed to have `after`; unchanged if it has them.

        Raises MergeError, with the rendered text to paste, if no edit gives these values.
        """
        # RecursionError: YAML values may contain themselves.
        with contextlib.suppress(RecursionError):
            if after == before:
                return text
            for edit in self.edits:
                edited = edit(text, before, after)
                if edited is not None and self._has(edited, after):
                    return edited
        raise MergeError(
            "the settings cannot be added without changing other content of the file",
            where=where,
            remedy=f"add them by hand:\n{self.write(rendered.notes, rendered.values)}",
        )

    def _has(self, text: str, values: Any) -> bool:
        try:
            return _equal(self.parse(text), values)
        except self.errors:
            return False


def _equal(left: Any, right: Any) -> bool:
    """Whether two parsed documents are the same, whatever the order of their keys."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    # By repr too, since NaN is not equal to itself.
    return type(left) is type(right) and bool(left == right or repr(left) == repr(right))


def mapping(value: Any, where: str, *key: str) -> Document:
    """A copy of a mapping; empty for None. Raises ConfigurationError for any other value, which is at `key`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError("is not a mapping", where=where, key=key, remedy="correct it; nothing was written")
    return copy.deepcopy(value)
