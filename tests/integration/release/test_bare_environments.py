"""The wheel where there is nothing else: each Python of this machine, no compiler, no network after the install."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from chaninfra.channel.outputs.descriptor import dump
from support.channels.channels import descriptor
from support.paths import ROOT
from support.pulumi import templates
from support.release import bare
from support.release.bare import Bare
from support.release.distributions import build, checkout
from support.release.dockerfile import copied, stages

pytestmark = pytest.mark.long

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
PYTHONS = list(bare.pythons())
PROGRAMS = [name for name in templates.NAMES if (templates.FOLDER / name / "__main__.py").exists()]
STORES = {
    "aws": {"project:provider": "aws", "aws:region": "eu-central-1"},
    "s3-compatible": {"project:provider": "minio", "project:endpoint-url": "https://minio.example.com"},
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    (name,) = build(checkout(folder / "source"), folder / "dist", "wheel")
    return folder / "dist" / name


@pytest.fixture(scope="module", params=PYTHONS)
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """The command line alone."""
    return bare.make(bare.pythons()[request.param], tmp_path_factory.mktemp("bare") / "env", str(wheel))


@pytest.fixture(scope="module", params=sorted({PYTHONS[0], PYTHONS[-1]}))
def with_pulumi(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """With the extra for Pulumi programs, on the oldest and the newest Python."""
    return bare.make(bare.pythons()[request.param], tmp_path_factory.mktemp("bare") / "env", f"{wheel}[pulumi]")


def test_it_was_installed_without_a_compiler(environment: Bare) -> None:
    assert [name for name in ("cc", "gcc", "cargo", "git", "sh") if shutil.which(name, path=environment.path)] == []
    done = environment.run("python", "-m", "pip", "check")
    assert done.stdout == "No broken requirements found.\n"


def test_the_commands_run_without_a_network(environment: Bare, tmp_path: Path) -> None:
    (tmp_path / "channel.json").write_bytes(dump(descriptor()))
    offline = bare.no_network()

    def printed(*args: str) -> str:
        done = environment.run("chaninfra", *args, cwd=tmp_path, **offline)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    assert printed("--version") == f"chaninfra {VERSION}\n"
    assert "Usage: chaninfra" in printed("--help")
    settings = tomllib.loads(printed("manifest", "channel.json"))
    assert settings["workspace"]["channels"][0] == "s3://my-bucket/my-channel"
    assert '"$schema"' in printed("schema", "channel")
    assert "versitygw" in printed("providers")


def test_what_needs_the_network_says_so_in_a_line(environment: Bare) -> None:
    """It is also what shows that the network is closed to the tests here."""
    done = environment.run("chaninfra", "manifest", "https://files.example.com/channel.json", **bare.no_network())
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "files.example.com" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_of_a_template_declares_its_resources(name: str, with_pulumi: Bare, tmp_path: Path) -> None:
    """All that it imports is there. It ends where it wants the stack, which `pulumi up` makes."""
    project = shutil.copytree(templates.FOLDER / name, tmp_path / name)
    store = STORES["s3-compatible" if name == "s3-compatible" else "aws"]
    config = json.dumps({"project:bucket": "my-bucket", "project:prefix": "my-channel", **store})
    done = with_pulumi.run("python", "-c", _LANGUAGE_HOST, cwd=project, PULUMI_CONFIG=config, **bare.no_network())
    assert (
        done.stderr.splitlines()[-1]
        == "Exception: Failed to export output. Root resource is not an instance of 'Stack'"
    )


def test_the_provider_plugin_asks_for_the_engine(with_pulumi: Bare) -> None:
    done = with_pulumi.run("pulumi-resource-chaninfra", **bare.no_network())
    assert done.returncode == 2
    assert "the following arguments are required: engine" in done.stderr


def test_the_image_is_built_by_what_it_copies(tmp_path: Path) -> None:
    """The commands of the Dockerfile's first stage, here instead of in a container, with only the files it copies."""
    source = checkout(tmp_path / "checkout")
    context = tmp_path / "source"
    for name, to in copied():
        target = context / to if not to.endswith("/") else context / to / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target)
        else:
            shutil.copy(source / name, target)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(next(iter(bare.pythons().values())))
    for command in stages()[0].all("RUN"):
        here = command.replace("/opt/", f"{tmp_path}/opt/")
        done = Bare(tmp_path).run("python", "-c", _SHELL, here, cwd=context)
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [tmp_path / "opt" / "chaninfra" / "bin" / "chaninfra", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"chaninfra {VERSION}\n"


# A program has an event loop when Pulumi's host for Python runs it; since 3.14 there is none without one.
_LANGUAGE_HOST = """
import asyncio, runpy
asyncio.set_event_loop(asyncio.new_event_loop())
runpy.run_path("__main__.py", run_name="__main__")
"""
# The command in the system's shell: PATH holds only the Python.
_SHELL = "import subprocess, sys; sys.exit(subprocess.call(['/bin/sh', '-e', '-c', sys.argv[1]]))"
