"""What is printed installs nothing but what the project's owner named: no name that anybody could take."""

from __future__ import annotations

import re
import subprocess
import sys
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
    f"git+https://git.example.com/acme/chaninfra@{COMMIT}",
    f"https://files.example.com/chaninfra-0.1.0-py3-none-any.whl#sha256={HASH}",
    "/opt/chaninfra-0.1.0-py3-none-any.whl",
    "file:///opt/chaninfra-0.1.0-py3-none-any.whl",
    "./chaninfra-0.1.0-py3-none-any.whl",
]
BAD = [
    "",
    "chaninfra",
    "chaninfra==0.1.0",
    "chaninfra>=0.1",
    f"git+https://git.example.com/acme/chaninfra#a@{COMMIT}",
    f"git+https://git.example.com/acme/chaninfra?a@{COMMIT}",
    f"git+https://git.example.com/acme/chaninfra#subdirectory=.@{COMMIT}",
    f"git+https://git.example.com@{COMMIT}",
    f"https://files.example.com/chaninfra.tar.gz#.whl#sha256={HASH}",
    "chaninfra[pulumi]==0.1.0",
    "other==0.1.0",
    "file://host/opt/chaninfra-0.1.0-py3-none-any.whl",
    "file:///opt/chaninfra-0.1.0.tar.gz",
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

# What gets programs from somewhere. What pixi, conda and mamba install comes from channels, which are tested elsewhere.
_INSTALLS = re.compile(r"\b(?:pip3? (?:install|download)|uv (?:pip|add|tool|run)|uvx|pipx|pixi (?:exec|global))\b")
# The folder of a clone with an extra, the files that the next test reads, the variable; rattler-build from conda-forge,
# and with a publisher's key one version of it and of curl.
_ALLOWED = re.compile(
    r"(?:pip install (?:'\.\[[a-z]+\]'|py-rattler|-r (?:\"\$TEMPLATES/yaml/requirements\.txt\"|requirements\.txt)"
    r"|\"\$\{CHANINFRA_SOURCE-\}\"'?$)|pixi exec rattler-build build .*"
    r"|pixi exec --spec rattler-build==[0-9.]+ rattler-build upload s3 .*"
    r"|pixi exec --spec curl==[0-9.]+ curl .*)(?=$|[\s`])"
)
_IN_PROGRAMS = re.compile(r"(?:install|uvx|--from)\s+['\"]?chaninfra\b")
_NO_TEXT = (".svg", ".png", ".pyc")


def printed() -> list[tuple[str, str]]:
    """(where, text) of everything that people may copy from: formats, templates, examples and pages."""
    folders = [path for name in ("templates", "examples", "docs") for path in (ROOT / name).rglob("*")]
    files = [path for path in [*ROOT.glob("*.md"), *folders] if path.is_file() and path.suffix not in _NO_TEXT]
    texts = [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in sorted(files)]
    return [*((str(case), case.text()) for case in POSSIBLE), *texts]


def test_no_line_installs_anything_else() -> None:
    lines = [(where, line) for where, text in printed() for line in text.splitlines()]
    found = [(where, line, each) for where, line in lines for each in _INSTALLS.finditer(line)]
    assert len({where for where, _, _ in found}) > 40
    wrong = [f"{where}: {line.strip()}" for where, line, each in found if not _ALLOWED.match(line, each.start())]
    assert not wrong, "\n".join(wrong)


def test_no_help_or_error_names_the_bare_name() -> None:
    files = [path for name in ("cli", "infra", "tools") for path in (ROOT / name).rglob("*.py")]
    assert files
    assert not [path for path in files if _IN_PROGRAMS.search(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    "line",
    [
        "pip install chaninfra",
        "pip install 'chaninfra[pulumi]'",
        'pip install "$CHANINFRA_SOURCE"',
        'pip install "${CHANINFRA_SOURCE-}" other',
        "pip install -r other.txt",
        "uvx chaninfra publish",
        "uv tool install chaninfra",
        "pipx run chaninfra",
        "pixi exec --spec uv uvx chaninfra publish",
        "pixi global install chaninfra",
    ],
)
def test_such_a_line_would_be_found(line: str) -> None:
    assert [each for each in _INSTALLS.finditer(line) if not _ALLOWED.match(line, each.start())]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").glob("*/requirements.txt")), ids=lambda path: path.parent.name
)
def test_requirements_of_a_template_are_the_source_and_what_the_project_names(path: Path) -> None:
    source, *others = path.read_text("utf-8").splitlines()
    assert source == f"chaninfra @ ${{{release.VARIABLE}}}"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert others == extras["policy" if path.parent.name == "policy-pack" else "pulumi"]


@pytest.mark.parametrize("value", [None, "", "chaninfra", "chaninfra==0.1.0", "--index-url=https://index.example.com"])
def test_pip_refuses_a_name_in_the_requirements_of_a_template(value: str | None, tmp_path: Path) -> None:
    source = (ROOT / "templates" / "yaml" / "requirements.txt").read_text("utf-8").splitlines()[0]
    (tmp_path / "requirements.txt").write_text(f"{source}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "-r", "requirements.txt"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", **({} if value is None else {release.VARIABLE: value})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    # The second is what newer versions of pip say.
    assert re.search("Invalid requirement: 'chaninfra @|Invalid URL '", done.stderr)


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
@pytest.mark.parametrize(
    "name", [f"{ci}-{job}" for ci in ("github", "gitlab") for job in ("publish", "reindex", "promote")]
)
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
