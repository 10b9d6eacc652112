"""The secret that senders of events show: compared in constant time, and never written anywhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError

VARIABLE = "CHANINFRA_FOLLOW_SECRET"
_LEAST = 16
_MOST = 512
_FORM = re.compile(rf"[A-Za-z0-9._~+/=-]{{{_LEAST},{_MOST}}}")
_MAKE = "make one by: openssl rand -hex 32"


class Secret:
    """A secret. It is not printed, and only its hash is kept."""

    def __init__(self, text: str, where: str) -> None:
        """Raises ConfigurationError, without the text, for one that is too short or that a header cannot hold."""
        if not _FORM.fullmatch(text):
            raise ConfigurationError(
                f"the secret is not {_LEAST} to {_MOST} of A-Z, a-z, 0-9 and . _ ~ + / = -", where=where, remedy=_MAKE
            )
        self._hash = _hash(text)

    def __repr__(self) -> str:
        return "Secret()"

    def is_in(self, authorization: str | None) -> bool:
        """Whether the header Authorization shows it: `Bearer SECRET`, or as the password of `Basic`."""
        kind, _, value = (authorization or "").partition(" ")
        shown = value.strip()
        if kind.lower() == "basic":
            try:
                shown = base64.b64decode(shown, validate=True).decode().partition(":")[2]
            except ValueError:
                shown = ""
        elif kind.lower() != "bearer":
            shown = ""
        return hmac.compare_digest(_hash(shown), self._hash)


def read_secret(file: Path | None) -> Secret:
    """The secret in a file, else in the variable. Raises ConfigurationError."""
    if file is not None:
        try:
            with file.open(encoding="ascii") as opened:
                return Secret(opened.read(_MOST + 100).strip(), str(file))
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not ASCII"
            raise ConfigurationError(f"the secret cannot be read: {reason}", where=str(file), remedy=_MAKE) from None
    text = os.environ.get(VARIABLE)
    if not text:
        raise ConfigurationError(
            "without a secret anybody could send events",
            where="--listen",
            remedy=f"set {VARIABLE}, or name a file that has it: --secret-file FILE; {_MAKE}",
        )
    return Secret(text, f"${VARIABLE}")


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
