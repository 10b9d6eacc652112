"""Where the packages of an extra are not installed, one line says which extra has them and the command that adds it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from chaninfra.channel.errors import ConfigurationError, ExitCode
from chaninfra.channel.extras import MODULES, Extra, MissingExtraError, install, require
from support.paths import ROOT
from support.without_extras import hiding

BIN = Path(sys.executable).parent
# Entry → the extra that it needs. `import`s are made in programs of users, where Python adds where that was.
ENTRIES: list[tuple[Sequence[str], Extra, str]] = [
    ([str(BIN / "chaninfra"), "demo"], "demo", "moto"),
    ([str(BIN / "chaninfra"), "demo", "--keep"], "demo", "rattler_build"),
    ([str(BIN / "chaninfra"), "follow", "--every", "30s"], "follow", "uvicorn"),
    ([str(BIN / "chaninfra"), "browse", "s3://b/c"], "browse", "starlette"),
    ([sys.executable, "-m", "chaninfra.engine"], "pulumi", "pulumi"),
    ([sys.executable, "-c", "from chaninfra.cli.plugin import run; run()"], "pulumi", "pulumi"),
]
IMPORTS: list[tuple[str, Extra, str]] = [
    ("from chaninfra.pulumi import program", "pulumi", "pulumi"),
    ("import chaninfra.pulumi.dynamic", "pulumi", "pulumi"),
    ("from chaninfra.pulumi.plugin import run", "pulumi", "pulumi"),
    ("from chaninfra.guard_rails import policies", "policy", "pulumi_policy"),
]


def run(command: Sequence[str], hidden: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # Without an engine on PATH and in the cache.
    environment = {"PATH": "/nowhere", "HOME": str(folder), **hiding([hidden])}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def check_command(text: str, extra: Extra) -> None:
    """One command is printed, and it installs the extra into this Python, by whichever name it was started."""
    found = re.findall(r"run: (\S*) -m pip install (.*)$", text, re.MULTILINE)
    assert len(found) == 1, text
    ((python, what),) = found
    assert Path(python).parent == BIN
    # As it was installed for these tests, from this folder.
    assert shlex.split(what) == ["-e", f"{ROOT}[{extra}]"]


@pytest.mark.parametrize(("command", "extra", "hidden"), ENTRIES, ids=lambda value: str(value)[-40:])
def test_a_program_names_the_extra_in_one_line(
    command: Sequence[str], extra: Extra, hidden: str, tmp_path: Path
) -> None:
    done = run(command, hidden, tmp_path)
    assert done.returncode in (ExitCode.FAILED, ExitCode.USAGE), done
    assert "Traceback" not in done.stderr
    check_command(done.stderr, extra)
    assert f"there is no {MODULES[extra][hidden]}" in done.stderr


@pytest.mark.parametrize(("statement", "extra", "hidden"), IMPORTS)
def test_an_import_names_the_extra(statement: str, extra: Extra, hidden: str, tmp_path: Path) -> None:
    done = run([sys.executable, "-c", statement], hidden, tmp_path)
    assert done.returncode == 1
    check_command(done.stderr, extra)
    caught = f"try:\n    {statement}\nexcept ModuleNotFoundError:\n    print('as Python does')"
    assert run([sys.executable, "-c", caught], hidden, tmp_path).stdout == "as Python does\n"


@pytest.mark.parametrize("extra", MODULES)
def test_what_is_installed_is_enough(extra: Extra) -> None:
    require(extra, what="this test")


def test_a_missing_package_is_an_error_of_the_user() -> None:
    assert issubclass(MissingExtraError, ConfigurationError)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "minio", None)
        patched.delitem(sys.modules, "moto", raising=False)
        with pytest.raises(MissingExtraError) as caught:
            require("pulumi", "pulumi", "minio", what="an access key")
    assert caught.value.message == "an access key needs what the extra `pulumi` installs, and there is no minio"


def test_the_modules_are_of_the_packages_that_an_extra_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["optional-dependencies"]
    assert declared.keys() == MODULES.keys()
    for extra, modules in MODULES.items():
        of_others = [one for name in declared for one in declared[name] if f"chaninfra[{name}]" in declared[extra]]
        names = {re.split(r"[\[><=]", one)[0] for one in [*declared[extra], *of_others]} - {"chaninfra"}
        assert {*modules.values()} <= names, extra
        own = {re.split(r"[\[><=]", one)[0] for one in declared[extra]} - {"chaninfra"}
        assert own <= {*modules.values()}, extra


def test_pip_takes_the_version_that_is_there() -> None:
    """It asks no index for the name."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--no-index",
            f"chaninfra=={metadata.version('chaninfra')}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "already satisfied" in done.stdout


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("recorded", "command"),
    [
        (None, '"chaninfra[demo]==0.1.0"'),
        ("no JSON", '"chaninfra[demo]==0.1.0"'),
        ("[]", '"chaninfra[demo]==0.1.0"'),
        ({"url": "file:///gone/clone", "dir_info": {}}, '"chaninfra[demo]==0.1.0"'),
        ({"url": "file://HERE/a%20clone", "dir_info": {}}, "'chaninfra[demo] @ file://HERE/a%20clone'"),
        ({"url": "file://HERE/a%20clone", "dir_info": {"editable": True}}, "-e 'HERE/a clone[demo]'"),
        (
            {"url": "https://host/c.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            "'chaninfra[demo] @ https://host/c.whl#sha256=ab'",
        ),
        ({"url": "https://me:secret@host/c.whl", "archive_info": {}}, "'chaninfra[demo] @ https://host/c.whl'"),
        ({"url": "https://token@host/c.whl", "archive_info": {}}, "'chaninfra[demo] @ https://host/c.whl'"),
        (
            {"url": "ssh://git@host/o/chaninfra", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"'chaninfra[demo] @ git+ssh://git@host/o/chaninfra@{COMMIT}'",
        ),
    ],
)
def test_the_command_installs_from_where_this_chaninfra_came(
    recorded: object, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a clone").mkdir()
    text = recorded if recorded is None or isinstance(recorded, str) else json.dumps(recorded)

    class Installed:
        version = "0.1.0"

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return text and text.replace("HERE", str(tmp_path))

    monkeypatch.setattr(sys, "executable", "/opt/my env/bin/python")
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed())
    assert install("demo") == f"'/opt/my env/bin/python' -m pip install {command.replace('HERE', str(tmp_path))}"


def test_where_no_chaninfra_is_installed_it_is_that_of_a_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(_: str) -> NoReturn:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(sys, "executable", "/opt/my env/bin/python")
    monkeypatch.setattr(metadata, "distribution", not_installed)
    assert install("demo") == "'/opt/my env/bin/python' -m pip install '.[demo]', in a clone of chaninfra"


@pytest.mark.parametrize("entry", ["chaninfra.cli", "chaninfra.engine", "chaninfra.pulumi", "chaninfra.guard_rails"])
def test_an_old_python_is_told_which_one_is_needed(entry: str, tmp_path: Path) -> None:
    """A Python that says that it is 3.10, since whether there is one depends on the machine."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 10, 13, 'final', 0)\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"import {entry}"],
        env={"PATH": "/nowhere", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: chaninfra needs Python 3.11 or newer, and this is 3.10\n"
        "  make an environment with a newer one: python3.11 -m venv env\n"
    )


def test_the_python_that_is_needed_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / "infra/chaninfra/channel/__init__.py").read_text("utf-8")
