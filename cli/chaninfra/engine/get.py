"""The steps by which an engine is got where there is none: the official installer, else a build from sources."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from chaninfra.channel.errors import EngineError
from chaninfra.engine import cache, gobuild
from chaninfra.engine.find import VERSION, Engine, find, home, version_of
from chaninfra.engine.process import Report, output, step

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_VERSION_FLAG = f"{_SDK}/go/common/version.Version=v{VERSION}"

# A stalled connection ends soon, a download that goes on may take its time.
_STALL_SECONDS = 20
_INSTALL_SECONDS = 300
# In a process of its own, since the installer has no time limit; the hook makes its traceback one line.
_INSTALLER = """
import socket, sys
socket.setdefaulttimeout(float(sys.argv[3]))
sys.excepthook = lambda kind, error, _: print(f"{kind.__name__}: {error}", file=sys.stderr)
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def get(report: Report) -> Engine:
    """The engine that `find` finds, else one that is now installed or built into the user's cache.

    Every step tells `report` what it does and how long it took, one that fails also why. Raises EngineError when none
    is left.
    """
    if engine := find(report):
        return engine
    cache.kept(home(), lambda folder: _fill(folder, report), report)
    return Engine(home() / "bin", VERSION)


def _fill(folder: Path, report: Report) -> None:
    for doing, make in (("official installer", _install), ("build of the engine", _build)):
        try:
            with step(report, f"{doing}, pulumi {VERSION}"):
                make(folder, report)
                version_of(folder / "bin" / "pulumi")
        except EngineError:
            shutil.rmtree(folder / "bin", ignore_errors=True)
        else:
            return
    raise EngineError(
        f"no Pulumi engine: not on PATH, and pulumi {VERSION} could neither be installed nor built",
        remedy="Install Pulumi as its documentation says, or let pip or go reach a package registry, and try again.",
    )


def _install(folder: Path, _: Report) -> None:
    output([sys.executable, "-c", _INSTALLER, folder, VERSION, str(_STALL_SECONDS)], timeout=_INSTALL_SECONDS)


def _build(folder: Path, report: Report) -> None:
    engine, host = gobuild.MODULES / "pulumi", gobuild.MODULES / "language-python"
    scratch, target = folder / "scratch", folder / "bin"
    target.mkdir()
    go = gobuild.toolchain([engine, host], scratch, report)
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    gobuild.build(go, engine, package, target / "pulumi", report, _VERSION_FLAG)
    package = f"{_SDK}/python/cmd/pulumi-language-python"
    gobuild.build(go, host, package, target / "pulumi-language-python", report, _VERSION_FLAG)
    # The host and the engine start these two scripts; the build has put them, checked, into the module cache.
    sdk = Path(go.run(engine, "list", "-m", "-f", "{{.Dir}}", _SDK)) / "python"
    for script in (sdk / "cmd" / "pulumi-language-python-exec", sdk / "dist" / "pulumi-resource-pulumi-python"):
        shutil.copyfile(script, target / script.name)
        (target / script.name).chmod(0o755)
    shutil.rmtree(scratch, ignore_errors=True)
