"""A machine on which somebody takes a template: the engine, and one environment that all projects share."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import pins
from chaninfra.engine import yaml_host
from chaninfra.manifest import release
from support.paths import ROOT
from support.pulumi import templates
from support.pulumi.stacks import engine

_DROPPED = ("AWS_", "S3_", "PULUMI_", "CHANINFRA_", "PYTHON", "VIRTUAL_ENV")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this repository, built without a network."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture(scope="session")
def pip(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables by which pip finds this repository's chaninfra, and all else where it usually does, as locked.

    The name alone is found nowhere, since the folder of the wheel is no place where pip looks.
    """
    (wheel,) = wheels.glob("chaninfra-*.whl")
    constraints = tmp_path_factory.mktemp("pip") / "constraints.txt"
    constraints.write_text(pins.pins(), "utf-8")
    return {
        release.VARIABLE: wheel.as_uri(),
        "PIP_CONSTRAINT": str(constraints),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
    }


@pytest.fixture(scope="session")
def environment(pip: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with what the templates' requirements.txt, one and the same, names.

    It is made once and shared: Pulumi and its AWS package are 270 MB, which each project would download again. That it
    is all that a project needs is still shown, since nothing else of this repository is in it.
    """
    (requirements,) = {(templates.FOLDER / name / "requirements.txt").read_text("utf-8") for name in templates.NAMES}
    folder = tmp_path_factory.mktemp("shared") / "venv"
    venv.create(folder, with_pip=True)
    (folder.parent / "requirements.txt").write_text(requirements, "utf-8")
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "-r", "requirements.txt"]
    done = subprocess.run(
        install,
        cwd=folder.parent,
        env={**os.environ, **pip},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture
def shell(pip: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The variables of a shell there. No environment is active in it, this repository's least of all."""
    (tmp_path / "state").mkdir()
    own = str(Path(sys.executable).parent)
    path = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != own]
    return {
        # pip finds its index, and a proxy, as this machine says; what a developer has set for stores stays out.
        **{name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **pip,
        "PATH": os.pathsep.join([str(engine().bin), str(yaml_host.built(print).parent), *path]),
        "TEMPLATES": str(templates.FOLDER),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "of the tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # A flag of `up` and `destroy`: each runs the program once.
        "PULUMI_OPTION_SKIP_PREVIEW": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@pytest.fixture
def machine(shell: dict[str, str], environment: Path) -> dict[str, str]:
    """The same, where the shared environment is at hand."""
    return {**shell, "SHARED": str(environment)}
