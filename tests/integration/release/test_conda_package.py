"""The recipe: built by rattler-build, installed by py-rattler into a prefix, and run there."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from chaninfra.channel.outputs.descriptor import dump
from support.channels import conda_client
from support.channels.channels import descriptor
from support.paths import ROOT
from support.release import conda_build
from support.release.distributions import checkout, shipped

pytestmark = pytest.mark.long

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix in which the package and what it needs are installed, from a channel that has nothing else."""
    folder = tmp_path_factory.mktemp("conda")
    channel = folder / "channel"
    channel.mkdir()
    # On all systems, as in the recipe.
    needed = [each.partition(";")[0] for each in PROJECT["dependencies"]]
    conda_build.make_channel(channel, [*needed, "pip", "hatchling", "hatch-fancy-pypi-readme"])
    index(channel)
    recipe = checkout(folder / "source") / "recipe" / "recipe.yaml"
    built = conda_build.build(recipe, channel, folder / "output", folder / "cache")
    assert built.name.startswith(f"chaninfra-{PROJECT['version']}-pyh")
    built.rename(channel / "noarch" / built.name)
    index(channel)
    conda_client.install(channel.as_uri(), ["chaninfra"], folder / "installed")
    return folder / "installed" / "prefix"


def index(channel: Path) -> None:
    found = conda_client.index_folders(channel.parent, [channel.name])
    assert isinstance(found[channel.name], dict), found


def chaninfra(prefix: Path, *args: str) -> str:
    """What the command prints, in an environment that has the prefix and no other Python."""
    done = subprocess.run(
        [prefix / "bin" / "chaninfra", *args],
        env={"PATH": f"{prefix / 'bin'}:/usr/bin:/bin", "HOME": str(prefix), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_says_its_version(prefix: Path) -> None:
    assert chaninfra(prefix, "--version") == f"chaninfra {PROJECT['version']}\n"


def test_it_prints_client_settings(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "channel.json").write_bytes(dump(descriptor()))
    printed = tomllib.loads(chaninfra(prefix, "manifest", str(tmp_path / "channel.json")))
    assert printed["workspace"]["channels"][0] == "s3://my-bucket/my-channel"


def test_it_brings_its_schemas(prefix: Path) -> None:
    assert '"$schema"' in chaninfra(prefix, "schema", "stack-config")


def test_the_package_has_the_files_of_the_wheel(prefix: Path) -> None:
    site_packages = prefix / conda_build.SITE_PACKAGES
    found = {
        str(path.relative_to(site_packages)) for path in (site_packages / "chaninfra").rglob("*") if path.is_file()
    }
    assert {name for name in found if not name.endswith(".pyc")} == set(shipped())
    commands = {path.name for path in (prefix / "bin").iterdir()}
    assert commands == {*PROJECT["scripts"], conda_build.PYTHON, "python", "python3"}
