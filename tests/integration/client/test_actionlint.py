"""The workflows that `manifest` prints, and those of the templates and of this repository, as actionlint sees them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import linters
from support.cases.manifests import MANIFESTS
from support.paths import ROOT
from support.pulumi import templates

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def actionlint() -> Path:
    return linters.actionlint(print)


def test_actionlint_has_nothing_to_say(actionlint: Path) -> None:
    files = sorted(MANIFESTS.glob("github*/*.yaml"))
    assert len(files) == 90
    files += [path for name in templates.NAMES for path in templates.workflows(name)]
    files += sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    done = subprocess.run([actionlint, *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_actionlint_is_a_judge(actionlint: Path, tmp_path: Path) -> None:
    text = (MANIFESTS / "github" / "pixi-aws.yaml").read_text("utf-8")
    (tmp_path / "broken.yaml").write_text(text.replace("steps.aws.outputs", "steps.other.outputs"), "utf-8")
    done = subprocess.run(
        [actionlint, tmp_path / "broken.yaml"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "other" in done.stdout
