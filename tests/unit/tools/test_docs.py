"""What the program prints into `docs/`, `schemas/` and `templates/` is what stands there."""

from __future__ import annotations

import docs
import schemas
from support.paths import ROOT


def test_schemas_are_as_the_models_say() -> None:
    for name, schema in schemas.build().items():
        assert (ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8") == schemas.dump(schema), "make schemas"


def test_docs_are_as_the_program_prints_them() -> None:
    for path, text in docs.files().items():
        assert path.read_text("utf-8") == text, "make docs"
