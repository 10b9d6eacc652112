"""The extras of the distribution: packages that only some commands and programs need.

Whoever lacks one is told its name and the command that installs it, and not that there is no module of some name.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from typing import Literal

from chaninfra.channel.errors import ConfigurationError

Extra = Literal["pulumi", "policy", "demo"]

MODULES: dict[Extra, dict[str, str]] = {
    "pulumi": {"pulumi": "pulumi", "pulumi_aws": "pulumi-aws", "minio": "minio"},
    "policy": {"pulumi_policy": "pulumi-policy"},
    "demo": {"pulumi": "pulumi", "moto": "moto", "psutil": "psutil", "rattler_build": "py-rattler-build"},
}
"""Extra → module → the package of the extra that has it; pyproject.toml has their versions."""


class MissingExtraError(ConfigurationError, ModuleNotFoundError):
    """A package of an extra is not installed. As Python's own error it is expected of an import."""


def require(extra: Extra, *modules: str, what: str) -> None:
    """Raise MissingExtraError if one of these modules of the extra is not installed; without modules: any of the extra.

    `what` needs them: "`chaninfra demo`". Nothing is imported.
    """
    packages = MODULES[extra]
    missing = [packages[module] for module in modules or packages if not _is_installed(module)]
    if missing:
        raise MissingExtraError(
            f"{what} needs what the extra `{extra}` installs, and there is no {', no '.join(missing)}",
            remedy=f"run: {install(extra)}",
        )


def install(extra: Extra) -> str:
    """The command that installs an extra into the running Python, for a shell.

    It names the version that is installed already, so that pip adds what is missing, and neither gets another
    chaninfra nor asks an index for that name. In this Python, since another one may have no chaninfra.
    """
    # Imported here: its import takes a tenth of the program's start.
    from importlib.metadata import PackageNotFoundError, version

    pip = f"{shlex.quote(sys.executable)} -m pip install"
    try:
        return f'{pip} "chaninfra[{extra}]=={version("chaninfra")}"'
    except PackageNotFoundError:
        return f"{pip} '.[{extra}]', in a clone of chaninfra"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
