"""The CAs that this machine trusts, the same ones for each client that chaninfra has: obstore, boto3, minio and urllib.

SSL_CERT_FILE and SSL_CERT_DIR name them, as for OpenSSL and rustls; without both they are the system's, on Windows
those of its certificate store besides Mozilla's, since it gets many CAs only when they are first needed. AWS_CA_BUNDLE,
which boto3 reads, adds to them. pixi's release build reads SSL_CERT_FILE alone: it has a list of CAs of its own.
"""

from __future__ import annotations

import os
import re
import sys
from atexit import register
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown

if TYPE_CHECKING:
    from ssl import SSLContext

FILE, FOLDER, AWS = "SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"

SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora, RHEL, openSUSE, and Alpine and macOS keep the CAs of the system in one file."""

_CERTIFICATE = re.compile(
    b"-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END (?:TRUSTED )?CERTIFICATE-----"
)
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The names by which OpenSSL finds a CA in a folder; `openssl rehash` makes them."""


def ca_bundle() -> str:
    """One file with all CAs that are trusted, in PEM. Raises ConfigurationError where a variable names what is not
    there.
    """
    return _bundle(*map(os.environ.get, (FILE, FOLDER, AWS)))


def context() -> SSLContext:
    """The settings of TLS for Python's own clients. Raises ConfigurationError as `ca_bundle` does."""
    from ssl import create_default_context

    return create_default_context(cafile=ca_bundle())


def context_for(url: str) -> SSLContext | None:
    """The same for an https URL; None for http. Raises ConfigurationError as `ca_bundle` does."""
    return context() if url.startswith("https:") else None


def mozilla_context() -> SSLContext:
    """The same with the CAs of Mozilla alone, as programs have them that look at nothing of the machine."""
    from ssl import create_default_context

    return create_default_context(cafile=mozilla())


def more_than_rustls_finds() -> bytes | None:
    """The CAs, in PEM, that obstore does not find itself; None if it finds all.

    It follows SSL_CERT_FILE and SSL_CERT_DIR, and else takes the system's.
    """
    added = os.environ.get(AWS)
    if not added and (os.environ.get(FILE) or os.environ.get(FOLDER) or _system()):
        ca_bundle()
        return None
    return Path(ca_bundle()).read_bytes()


def mozilla() -> str:
    """The file with Mozilla's CAs that comes with Python's packages: certifi's, else botocore's."""
    for package in ("certifi", "botocore"):
        found = find_spec(package)
        file = Path(found.origin).parent / "cacert.pem" if found and found.origin else None
        if file and file.is_file():
            return str(file)
    raise ConfigurationError(
        "no list of trusted CAs was found on this machine",
        remedy=f"install the system's package `ca-certificates`, or set {FILE} to a file with them",
    )


def _system() -> str | None:
    return next((file for file in SYSTEM if Path(file).is_file()), None)


@cache
def _bundle(file: str | None, folder: str | None, aws: str | None) -> str:
    files = [*_named(FILE, file), *_hashed(folder)] if file or folder else [_system() or mozilla()]
    files += [each for each in _named(AWS, aws) if each not in files]
    # Variables often name the same CAs twice, in a file and in a folder.
    certificates = {file: _certificates(file) for file in files}
    all_of_them = dict.fromkeys(each for found in certificates.values() for each in found)
    if not file and not folder:
        all_of_them |= dict.fromkeys(_of_windows())
    for file, found in certificates.items():
        if all_of_them.keys() <= set(found):
            return file
    data = b"\n".join(all_of_them) + b"\n"
    # For as long as the process runs: botocore and urllib3 read it at each connection.
    if sys.platform == "linux":
        # A file without a name, of which nothing stays behind however the process ends.
        handle = os.memfd_create("chaninfra-cas")
        path = f"/proc/self/fd/{handle}"
    else:
        import tempfile

        handle, path = tempfile.mkstemp(prefix="chaninfra-cas-", suffix=".pem")
        register(Path(path).unlink, missing_ok=True)
    # A file with a name is closed: Windows deletes none that is open.
    with os.fdopen(handle, "wb", closefd=sys.platform != "linux") as out:
        out.write(data)
    return path


def _of_windows() -> list[bytes]:
    """The CAs that Windows trusts for servers, in PEM, from its certificate store; none on other systems."""
    if sys.platform == "win32":
        from ssl import DER_cert_to_PEM_cert, Purpose, enum_certificates

        return [
            DER_cert_to_PEM_cert(certificate).strip().encode()
            # Not of the store "CA": it has intermediate ones, which Windows trusts only below one of these.
            for certificate, encoding, uses in enum_certificates("ROOT")
            if encoding == "x509_asn" and (uses if isinstance(uses, bool) else Purpose.SERVER_AUTH.oid in uses)
        ]
    return []


def _named(variable: str, value: str | None) -> list[str]:
    if not value:
        return []
    if not Path(value).is_file():
        raise ConfigurationError(
            f"{shown(value)} is not a file",
            where=variable,
            remedy=f"set {variable} to a file of trusted CAs in PEM form, or unset it: unset {variable}",
        )
    return [value]


def _hashed(folders: str | None) -> Iterator[str]:
    """The certificates in the folders of SSL_CERT_DIR, each once: two names may be links to one file."""
    seen: set[str] = set()
    for folder in (folders or "").split(os.pathsep):
        if not folder:
            continue
        try:
            found = sorted(each for each in Path(folder).iterdir() if _HASHED.fullmatch(each.name))
        except OSError as error:
            raise ConfigurationError(
                f"{shown(folder)} cannot be read: {error.strerror}",
                where=FOLDER,
                remedy=f"set {FOLDER} to a folder of trusted CAs, or unset it: unset {FOLDER}",
            ) from error
        for each in found:
            file = each.resolve()
            if str(file) not in seen and file.is_file():
                seen.add(str(file))
                yield str(file)
    if folders and not seen:
        raise ConfigurationError(
            f"{shown(folders)} has no CAs under the names by which TLS clients look for them",
            where=FOLDER,
            remedy=f"make them: openssl rehash {folders}",
        )


def _certificates(file: str) -> tuple[bytes, ...]:
    try:
        found = _CERTIFICATE.findall(Path(file).read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"the CA file cannot be read: {error.strerror}", where=file, remedy="make it readable"
        ) from error
    if not found:
        raise ConfigurationError(
            "has no certificate in PEM form", where=file, remedy="give a file with -----BEGIN CERTIFICATE----- in it"
        )
    return tuple(found)
