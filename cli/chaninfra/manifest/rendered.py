"""What a renderer returns: values, and notes for the reader. The text is written last (`chaninfra.manifest.text`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
"""Keys → strings, booleans, None, lists and further mappings; what TOML, YAML, JSON and INI have in common."""


@dataclass(frozen=True)
class Rendered:
    """The content of a format, before it is written as text."""

    notes: tuple[str, ...]
    """Sentences for the reader: comment lines above the document, without their `# `. JSON has none."""
    values: Document | str = field(repr=False)
    """The document; of a shell script or a command its lines as text. The repr omits it: auth-file holds secrets."""

    @property
    def document(self) -> Document:
        """The values of a format that can be merged. Raises TypeError for a shell script."""
        if isinstance(self.values, str):
            raise TypeError("a shell script is not a document")
        return self.values
