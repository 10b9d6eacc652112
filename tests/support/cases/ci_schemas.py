"""Files checked against the JSON schema of a CI system."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from check_jsonschema.cli import main as check_jsonschema
from click.testing import CliRunner


def check_ci_schema(schema: str, files: Sequence[Path], *, broken: tuple[str, str], folder: Path) -> None:
    """Assert that check-jsonschema's built-in schema accepts the files.

    `broken` is a replacement in the first file, written to `folder`, which the schema must refuse.
    """
    # In this process, since importing check-jsonschema takes longer than the check.
    check = partial(CliRunner().invoke, check_jsonschema)
    # GitLab's `!reference` is no tag of YAML.
    transform = ("--data-transform", schema) if schema == "gitlab-ci" else ()
    options = ("--builtin-schema", f"vendor.{schema}", *transform)
    accepted = check([*options, *map(str, files)])
    assert accepted.exit_code == 0, accepted.output
    wrong = folder / "broken.yaml"
    wrong.write_text(files[0].read_text("utf-8").replace(*broken), "utf-8")
    refused = check([*options, str(wrong)])
    assert refused.exit_code == 1
    assert "Schema validation errors were encountered" in refused.output
