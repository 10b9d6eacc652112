"""A channel in a folder with what the recipe needs: there is no conda-forge here, so wheels are repackaged.

Their names and dependencies are those of the wheels, which conda-forge's packages share. The package `python` stands in
for an interpreter: it is the one that runs the tests, linked into the prefix as a virtual environment has it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from email.parser import HeaderParser
from pathlib import Path
from textwrap import dedent

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import Subdir
from rattler_build import assemble_package

import pins

SUBDIR = str(Subdir.current())
PYTHON = f"python3.{sys.version_info.minor}"
SITE_PACKAGES = Path("lib", PYTHON, "site-packages")
# Where conda-forge's name is not the canonical one of the package index.
_NAMES = {"ruamel-yaml": "ruamel.yaml"}
_BUILD_SCRIPT = """
    import os, sys
    from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, ToolConfiguration, VariantConfig

    recipe, channel, output = sys.argv[1:]
    config = RenderConfig(PlatformConfig(experimental=True))
    (variant,) = Stage0Recipe.from_file(recipe).render(VariantConfig(), config)
    tools = ToolConfiguration(test_strategy="native", use_sharded=False)
    try:
        (built,) = variant.run_build(tools, output, [channel], no_build_id=True).packages
    except Exception as error:
        print(error, flush=True)
        os._exit(1)
    print(built, flush=True)
    os._exit(0)
"""


def make_channel(folder: Path, requirements: Sequence[str]) -> None:
    """Fills `folder`, a channel without an index, with the requirements, what they require, and a stand-in for Python.

    The wheels come from the package index that pip is set up with, in the versions of requirements.lock.
    """
    wheels = folder / "wheels"
    (folder / "pins.txt").write_text(pins.pins(), "utf-8")
    download = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary", ":all:"]
    subprocess.run(
        [*download, "-c", str(folder / "pins.txt"), "-d", str(wheels), *requirements],
        check=True,
        timeout=600,
        cwd=folder,
    )
    for subdir in (SUBDIR, "noarch"):
        (folder / subdir).mkdir()
    for wheel in sorted(wheels.glob("*.whl")):
        repackage(wheel, folder / SUBDIR)
    python_stand_in(folder / SUBDIR)


def repackage(wheel: Path, folder: Path) -> None:
    """The wheel as a conda package for this Python, without the commands that it has."""
    with tempfile.TemporaryDirectory() as staged, zipfile.ZipFile(wheel) as archive:
        site_packages = Path(staged) / SITE_PACKAGES
        for member in archive.infolist():
            top, _, rest = member.filename.partition("/")
            if top.endswith(".data"):
                kind, _, rest = rest.partition("/")
                if kind not in ("purelib", "platlib"):
                    continue
                member.filename = rest
            archive.extract(member, site_packages)
        (about,) = site_packages.glob("*.dist-info")
        metadata = HeaderParser().parsestr((about / "METADATA").read_text("utf-8"))
        required = [Requirement(each) for each in metadata.get_all("Requires-Dist") or ()]
        assemble_package(
            _conda_name(metadata["Name"]),
            metadata["Version"],
            SUBDIR,
            "0_repackaged_for_tests",
            folder,
            files_dir=staged,
            depends=[f"python 3.{sys.version_info.minor}.*", *map(_match_spec, filter(_applies, required))],
            compression_level=1,
        )


def python_stand_in(folder: Path) -> None:
    """A package `python` of this interpreter's version, whose prefix is a virtual environment of it."""
    running = Path(sys.executable).resolve()
    with tempfile.TemporaryDirectory() as staged:
        (Path(staged) / "bin").mkdir()
        for name in (PYTHON, "python3", "python"):
            (Path(staged) / "bin" / name).symlink_to(running)
        (Path(staged) / SITE_PACKAGES).mkdir(parents=True)
        config = (
            f"home = {running.parent}\nversion = {platform.python_version()}\ninclude-system-site-packages = false\n"
        )
        (Path(staged) / "pyvenv.cfg").write_text(config)
        assemble_package(
            "python",
            platform.python_version(),
            SUBDIR,
            "0_stand_in_of_tests",
            folder,
            files_dir=staged,
            summary="Stands in for an interpreter: links the one that runs the tests.",
            compression_level=1,
        )


def build(recipe: Path, channel: Path, output: Path, cache: Path) -> Path:
    """What rattler-build makes of the recipe with the packages of the channel, after the recipe's tests passed."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(_BUILD_SCRIPT), str(recipe), channel.as_uri(), str(output)],
        env={**os.environ, "RATTLER_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return Path(done.stdout.splitlines()[-1])


def _conda_name(name: str) -> str:
    canonical = canonicalize_name(name)
    return _NAMES.get(canonical, canonical)


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _match_spec(requirement: Requirement) -> str:
    return f"{_conda_name(requirement.name)} {requirement.specifier}".strip()
