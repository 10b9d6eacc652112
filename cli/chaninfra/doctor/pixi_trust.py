"""The CAs that pixi trusts on this machine: Mozilla's, unless SSL_CERT_FILE or a setting of pixi says otherwise.

https://pixi.sh/latest/reference/pixi_configuration/, `tls-root-certs`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from chaninfra.channel.s3.trust import AWS, FILE
from chaninfra.channel.s3.unreachable import TRUST
from chaninfra.pixi import config as pixi_config

_SETTING = "tls-root-certs"


def follows_the_machine() -> bool:
    """Whether pixi takes the CAs of SSL_CERT_FILE or of the system."""
    return bool(os.environ.get(FILE)) or any(map(_is_set, pixi_config.files()))


def remedy() -> str:
    """How to make pixi trust what this machine trusts."""
    own = os.environ.get(AWS)
    return f"export {FILE}={own}, in the shell and the CI job where pixi runs: it does not read {AWS}" if own else TRUST


def _is_set(file: Path) -> bool:
    try:
        return tomllib.loads(file.read_text("utf-8")).get(_SETTING) in ("system", "native", "all")
    except (OSError, ValueError):
        return False
