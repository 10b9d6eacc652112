"""The extras of the distribution: packages that only some commands and programs need.

Whoever lacks one is told its name and the command that installs it, and not that there is no module of some name.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from chaninfra.channel.errors import ConfigurationError

Extra = Literal["pulumi", "policy", "follow", "browse", "demo"]

MODULES: dict[Extra, dict[str, str]] = {
    "pulumi": {"pulumi": "pulumi", "pulumi_aws": "pulumi-aws", "minio": "minio"},
    "policy": {"pulumi_policy": "pulumi-policy"},
    "follow": {"prometheus_client": "prometheus-client", "starlette": "starlette", "uvicorn": "uvicorn"},
    "browse": {"starlette": "starlette", "uvicorn": "uvicorn"},
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

    From where the installed chaninfra came, as its installer recorded it (PEP 610). Where that was a package index, or
    is not there any more, it names the version that is installed: pip adds what is missing, and neither gets another
    chaninfra nor asks an index for that name. In this Python, since another one may have no chaninfra.
    """
    # Imported here: its import takes a tenth of the program's start.
    from importlib.metadata import PackageNotFoundError, distribution

    pip = f"{shlex.quote(sys.executable)} -m pip install"
    try:
        installed = distribution("chaninfra")
    except PackageNotFoundError:
        return f"{pip} '.[{extra}]', in a clone of chaninfra"
    source = _source(installed.read_text("direct_url.json") or "")
    if source is None:
        return f'{pip} "chaninfra[{extra}]=={installed.version}"'
    where, editable = source
    return f"{pip} " + (
        f"-e {shlex.quote(f'{where}[{extra}]')}" if editable else shlex.quote(f"chaninfra[{extra}] @ {where}")
    )


def _source(text: str) -> tuple[str, bool] | None:
    """Where the installed chaninfra came from, for pip: a URL and False, or the folder of an editable installation and
    True. None where `text`, a direct_url.json, does not say it, or it is not there any more.
    """
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        said = json.loads(text)
        parts = urlsplit(said["url"])
        version = said.get("vcs_info")
        digest = (said.get("archive_info") or {}).get("hashes", {}).get("sha256")
        editable = bool((said.get("dir_info") or {}).get("editable"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    user, at, host = parts.netloc.rpartition("@")
    # `git@HOST` is no secret, and what comes with another scheme is.
    if at and (":" in user or parts.scheme != "ssh"):
        parts = parts._replace(netloc=host)
    path = url2pathname(parts.path)
    if parts.scheme == "file" and not Path(path).exists():
        return None
    if editable:
        return path, True
    url = parts.geturl()
    if version:
        return f"{version.get('vcs')}+{url}@{version.get('commit_id')}", False
    return f"{url}#sha256={digest}" if digest else url, False


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
