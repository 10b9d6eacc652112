"""Servers are built by cargo or installed by pip as the project says, whatever the user's variables say."""

from __future__ import annotations

import sys
from ast import literal_eval
from pathlib import Path

import pytest

import pythons
from chaninfra.channel.errors import EngineError
from packages import Wheels
from programs import Crate
from support.pulumi.fake_engine import fake

CRATE = Crate("a-crate", "1.2.3", ("--features", "binary"), toolchain="1.98.1")
# Answers as cargo does; the program that it "builds" prints how it was called.
CARGO = """
if "--version" in sys.argv[1:3]:
    sys.exit()
target = pathlib.Path(sys.argv[sys.argv.index("--root") + 1], "bin", "a-crate")
target.parent.mkdir()
target.write_text(repr((sys.argv[1:], os.getcwd(), dict(os.environ))))
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the only one on PATH; the cache is empty."""
    folder = tmp_path / "path"
    folder.mkdir()
    for name, value in {"PATH": folder, "XDG_CACHE_HOME": tmp_path / "cache", "PYENV_ROOT": tmp_path}.items():
        monkeypatch.setenv(name, str(value))
    # The home of the user, whatever HOME says, may have Pythons too.
    import pwd  # Windows has none.

    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd(("", "", 0, 0, "", "/none", "")))
    return folder


def test_cargo_builds_what_is_pinned_whatever_the_user_has_set(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(path, "cargo", CARGO)
    for name in ("RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_TARGET_DIR", "CARGO_PROFILE_RELEASE_LTO"):
        monkeypatch.setenv(name, "of another project")
    monkeypatch.setenv("CARGO_HOME", "stays")
    lines: list[str] = []
    program = CRATE.get("a-crate", lines.append)
    assert program == tmp_path / "cache/chaninfra/servers/a-crate-1.2.3/a-crate"
    argv, folder, env = literal_eval(program.read_text())
    assert argv[:7] == ["+1.98.1", "install", "--quiet", "a-crate", "--version", "1.2.3", "--locked"]
    assert argv[-2:] == ["--features", "binary"]
    assert folder == f"{program.parent}.partial"
    assert "of another project" not in env.values()
    assert env["CARGO_HOME"] == "stays"


def test_without_cargo_it_says_what_to_do(path: Path) -> None:
    with pytest.raises(EngineError, match="a-crate is built by cargo, and there is none on PATH") as raised:
        CRATE.get("a-crate", print)
    assert raised.value.remedy
    assert "install Rust" in raised.value.remedy


def test_a_toolchain_that_is_missing_is_named(path: Path) -> None:
    fake(path, "cargo", "sys.exit(\"error: toolchain '1.98.1' is not installed\")")
    with pytest.raises(EngineError, match=r"cargo failed \(1\): error: toolchain '1.98.1' is not installed") as raised:
        CRATE.get("a-crate", print)
    assert "`rustup toolchain install 1.98.1`" in str(raised.value.remedy)


def test_another_program_that_the_build_runs_is_named(path: Path) -> None:
    fake(path, "cargo", CARGO)
    crate = Crate("a-crate", "1.2.3", needs={"protoc": "protobuf-compiler"})
    with pytest.raises(EngineError, match="the build of a-crate runs protoc, and there is none on PATH") as raised:
        crate.get("a-crate", print)
    assert "`apt-get install protobuf-compiler`" in str(raised.value.remedy)
    fake(path, "protoc", "")
    assert crate.get("a-crate", print).exists()


def test_a_build_that_fails_tells_its_error_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    said = "warning: spurious network error (3 tries remaining)\\nerror: could not compile `a-crate`\\n  more"
    fake(path, "cargo", f'"--version" in sys.argv[1:3] and sys.exit()\nsys.exit("{said}")')
    with pytest.raises(EngineError, match=r"cargo failed \(1\): error: could not compile `a-crate`$"):
        CRATE.get("a-crate", print)
    assert [file.name for file in (tmp_path / "cache/chaninfra/servers").iterdir()] == ["a-crate-1.2.3.lock"]


def test_a_python_of_a_version_manager_that_does_not_run_is_as_if_there_was_none(path: Path, tmp_path: Path) -> None:
    fake(path, "python3.13", 'sys.exit("pyenv: python3.13: command not found")')
    with pytest.raises(EngineError, match=r"no python3.13 on PATH runs") as raised:
        Wheels("localstack-core", "3.13").get("localstack", print)
    assert "`pyenv install 3.13`" in str(raised.value.remedy)
    there = fake(tmp_path / "versions/3.13.7/bin", "python3.13", "")
    assert pythons.python_of("3.13") == str(there)


def test_pip_installs_into_its_environment_whatever_the_user_has_set(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python of this test makes an environment with another, which notes how it was called."""
    noted = tmp_path / "noted"
    inner = f"pathlib.Path({str(noted)!r}).write_text(repr((sys.argv[1:], dict(os.environ))))"
    making = f"""
if sys.argv[1] == "-c":
    print("3.13", {str(path / "python3.13")!r})
else:
    python = pathlib.Path(sys.argv[3], "bin/python")
    python.parent.mkdir(parents=True)
    python.write_text("#!" + {sys.executable!r} + "\\nimport os, pathlib, sys\\n" + {inner!r})
    python.chmod(0o755)
"""
    fake(path, "python3.13", making)
    for name in ("PIP_TARGET", "PIP_USER", "PIP_CONSTRAINT", "PYTHONPATH"):
        monkeypatch.setenv(name, str(tmp_path / "of another project"))
    monkeypatch.setenv("PIP_FIND_LINKS", "stays")
    python = Wheels("localstack-core", "3.13").get("localstack", print)
    assert python.is_file()
    argv, env = literal_eval(noted.read_text())
    assert {"--require-hashes", "--no-deps", "--only-binary"} < {*argv}
    assert str(tmp_path / "of another project") not in env.values()
    assert env["PIP_FIND_LINKS"] == "stays"
