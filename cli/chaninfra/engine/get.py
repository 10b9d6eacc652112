"""Installs an engine into the user's cache if there is none: with the official installer, else built from sources."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.channel.errors import EngineError
from chaninfra.channel.extras import require
from chaninfra.engine import gobuild
from chaninfra.engine.find import VERSION, Engine, cached_folder, find, version_of
from chaninfra.engine.process import PROGRAM_SUFFIX, Report, output, step

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_VERSION_FLAG = f"{_SDK}/go/common/version.Version=v{VERSION}"

# A stalled connection is given up soon, a download that makes progress may take long.
_STALL_SECONDS = 20
_INSTALL_SECONDS = 300
# Run in a child process, because the installer has no time limit; the hook prints an error as one line.
_INSTALLER = """
import socket, sys
socket.setdefaulttimeout(float(sys.argv[3]))
sys.excepthook = lambda kind, error, _: print(f"{kind.__name__}: {error}", file=sys.stderr)
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""

_LIMITS = (
    "what was built runs programs in Python, after `python -m chaninfra.engine --yaml` in YAML, too; `pulumi new` "
    "makes the virtual environment in the folder of the project: give it --generate-only"
)
# Measured on two cores: 2.0 GB of modules, 2.5 GB of what the compiler keeps, 0.2 GB of programs.
_COSTS = (
    "no engine could be downloaded, so it is built from its Go sources: this takes 5 to 10 minutes once, and about "
    "5 GB of disk; docs/installation.md says how to remove them"
)


def get(report: Report) -> Engine:
    """The engine that `find` finds, else one that is installed or built into the user's cache now.

    Each step reports what it does, how long it took, and why it failed. Raises EngineError if all steps fail;
    MissingExtraError if Pulumi's SDK is not installed.
    """
    if engine := find(report):
        return engine
    # It has the installer, and an engine that runs no program in Python is of no use.
    require("pulumi", "pulumi", what="the Pulumi engine")
    folder = cache.kept(cached_folder(), lambda partial: _fill(partial, report), report)
    return Engine(folder / "bin", VERSION)


def _fill(folder: Path, report: Report) -> None:
    for description, make in (("official installer", _install), ("build of the engine", _build)):
        try:
            with step(report, f"{description}, pulumi {VERSION}"):
                make(folder, report)
                version_of(folder / "bin" / f"pulumi{PROGRAM_SUFFIX}")
        except EngineError:
            shutil.rmtree(folder / "bin", ignore_errors=True)
        else:
            return
    raise EngineError(
        f"no Pulumi engine: none on PATH, and pulumi {VERSION} could neither be installed nor built",
        remedy="Install Pulumi as its documentation describes, or allow access to get.pulumi.com, PyPI or a Go proxy.",
    )


def _install(folder: Path, _: Report) -> None:
    output([sys.executable, "-c", _INSTALLER, folder, VERSION, str(_STALL_SECONDS)], timeout=_INSTALL_SECONDS)


def _build(folder: Path, report: Report) -> None:
    report(_COSTS)
    engine, language_host = gobuild.MODULES / "pulumi", gobuild.MODULES / "language-python"
    scratch, target = folder / "scratch", folder / "bin"
    target.mkdir()
    go = gobuild.toolchain([engine, language_host], scratch, report)
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    gobuild.build(go, engine, package, target / f"pulumi{PROGRAM_SUFFIX}", report, _VERSION_FLAG)
    package = f"{_SDK}/python/cmd/pulumi-language-python"
    built = target / f"pulumi-language-python{PROGRAM_SUFFIX}"
    gobuild.build(go, language_host, package, built, report, _VERSION_FLAG)
    report(_LIMITS)
    # The language host and the engine start these two scripts; the build has verified the module that has them.
    sdk = Path(go.run(engine, "list", "-m", "-f", "{{.Dir}}", _SDK)) / "python"
    # Windows starts no script by its first line.
    plugin = "pulumi-resource-pulumi-python.cmd" if sys.platform == "win32" else "pulumi-resource-pulumi-python"
    for script in (sdk / "cmd" / "pulumi-language-python-exec", sdk / "dist" / plugin):
        shutil.copyfile(script, target / script.name)
        (target / script.name).chmod(0o755)
    shutil.rmtree(scratch, ignore_errors=True)
