"""What is printed installs nothing but what the project's owner named: no name that anybody could take."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from chaninfra.manifest import release
from chaninfra.manifest.release import Release
from support.cases.manifests import POSSIBLE, Case
from support.paths import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HASH = "0123456789abcdef" * 4
GOOD = [
    "chaninfra==0.1.0",
    f"git+https://git.example.com/acme/chaninfra@{COMMIT}",
    f"https://files.example.com/chaninfra-0.1.0-py3-none-any.whl#sha256={HASH}",
    "/opt/chaninfra-0.1.0-py3-none-any.whl",
    "./chaninfra-0.1.0-py3-none-any.whl",
]
BAD = [
    "",
    "chaninfra",
    "chaninfra>=0.1",
    "chaninfra[pulumi]==0.1.0",
    "other==0.1.0",
    "-r/opt/a.whl",
    "--index-url=https://index.example.com",
    "chaninfra==0.1.0 --index-url https://index.example.com",
    "chaninfra==0.1.0\n--index-url=https://index.example.com",
    "git+https://git.example.com/acme/chaninfra@main",
    "git+https://somebody@git.example.com/acme/chaninfra",
    "https://files.example.com/chaninfra-0.1.0-py3-none-any.whl",
    "/opt/a b.whl",
    "$(touch done).whl",
    "/opt/a.whl; touch done",
]

# A command that installs, and the rest of its line. pixi, conda and mamba install from channels, whose order is tested
# elsewhere; what pixi runs by name comes from conda-forge.
_INSTALLS = re.compile(
    r"\b(pip3? (?:install|download)|uv (?:pip|add|tool|run)|uvx|pipx|pixi (?:exec|global))\b(?P<rest>.*)"
)
_ALLOWED = (
    # The folder of a clone, with extras; files, whose lines the test below sees.
    r"'\.(?:\[[a-z,]+\])?'",
    r"-r (?:\S*/)?requirements\.txt\"?",
    rf'"\${{{release.VARIABLE}-}}"',
    # By pixi, from conda-forge.
    r"rattler-build build .*",
    # A word about the command, not the command.
    r"compares .*|finds .*",
)


def printed() -> list[tuple[str, str]]:
    """(where, text) of everything that people may copy from: formats, templates, pages, and the program's own words."""
    found = [(str(case), case.text()) for case in POSSIBLE]
    files = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *(ROOT / "cli").rglob("*.py"),
        *(ROOT / "infra").rglob("*.py"),
    ]
    files += [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    files += [
        path for path in (ROOT / "examples").rglob("*") if path.is_file() and path.suffix in (".md", ".txt", ".yml")
    ]
    return found + [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in sorted(files)]


def test_no_line_installs_anything_else() -> None:
    wrong = []
    seen = 0
    for where, text in printed():
        for line in text.splitlines():
            if (found := _INSTALLS.search(line)) is None:
                continue
            seen += 1
            rest = re.split(r" && |`|\)|\. |; ", found["rest"].replace(r"\"", '"').rstrip("'\",."), maxsplit=1)[0]
            rest = found["rest"].replace(r"\"", '"') if release.VARIABLE in found["rest"] else rest
            words = re.sub(r"^ (?:-q|--quiet) ?", " ", rest).strip().rstrip("'.,") or ""
            if not any(
                re.fullmatch(each, text) for each in _ALLOWED for text in (words, f"{words}'", words.strip("'"))
            ):
                wrong.append(f"{where}: {line.strip()}")
    assert not wrong, "\n".join(wrong)
    assert seen > 40


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").glob("*/requirements.txt")), ids=lambda path: path.parent.name
)
def test_requirements_of_a_template_are_the_source_and_what_the_project_names(path: Path) -> None:
    source, *others = path.read_text("utf-8").splitlines()
    assert source == f"${{{release.VARIABLE}}}"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert others == extras["policy" if path.parent.name == "policy-pack" else "pulumi"]


def check(value: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A run of the printed lines, with a `python3` that makes an environment whose pip prints its arguments."""
    (folder / "bin").mkdir(exist_ok=True)
    for name, script in {
        "python3": 'mkdir -p .venv/bin && cp "$(dirname "$0")/pip" .venv/bin',
        "pip": 'printf "%s|" "$@"',
    }.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (folder / "bin" / name).chmod(0o755)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(release.install())],
        cwd=folder,
        env={"PATH": f"{folder}/bin:/usr/bin:/bin", release.VARIABLE: value},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("value", GOOD)
def test_a_source_that_names_one_version_is_installed_as_one_word(value: str, tmp_path: Path) -> None:
    done = check(value, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"install|{value}|", "")


@pytest.mark.parametrize("value", BAD)
def test_any_other_source_stops_the_job_with_one_line(value: str, tmp_path: Path) -> None:
    done = check(value, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{release.VARIABLE} must name one version of chaninfra: {release.FORMS}\n"
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("known", "installed"),
    [
        (Release(version="1.2.3"), "chaninfra==1.2.3"),
        (
            Release(repository="https://git.example.com/acme/chaninfra", commit=COMMIT),
            f"git+https://git.example.com/acme/chaninfra@{COMMIT}",
        ),
    ],
)
@pytest.mark.parametrize("name", ["github-publish", "gitlab-publish"])
def test_what_is_released_is_printed(
    name: str, known: Release, installed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "RELEASE", known)
    text = Case(name, "aws", "aws").text()  # type: ignore[arg-type]
    assert f".venv/bin/pip install {installed}\n" in text.replace("'", "")
    assert release.VARIABLE not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"version": ""},
        {"version": ">=1"},
        {"version": "1 --index-url=x"},
        {"repository": "https://git.example.com/acme/chaninfra"},
        {"commit": COMMIT},
        {"repository": "https://git.example.com/acme/chaninfra", "commit": "main"},
        {"repository": "http://git.example.com/acme/chaninfra", "commit": COMMIT},
        {"repository": "https://somebody@git.example.com/chaninfra", "commit": COMMIT},
    ],
)
def test_a_release_names_one_version(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"names? one version|go together"):
        Release(**fields)
