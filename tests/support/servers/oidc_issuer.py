"""An OIDC issuer on the loopback interface: discovery document, keys and tokens, all of this process.

It answers for every host name that its certificate has, so that tokens may come from the issuers that policies name
(https://token.actions.githubusercontent.com), if only the one who fetches the keys is led here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_KEY_ID = "of-the-tests"
_DISCOVERY = "/.well-known/openid-configuration"
_KEYS = "/keys"


@dataclass(frozen=True)
class Issuer:
    """A running issuer."""

    address: str
    """HOST:PORT, where it listens with TLS."""
    thumbprint: str
    """The SHA-1 of its CA's certificate, as IAM wants it."""
    key: rsa.RSAPrivateKey = field(repr=False)

    def token(self, claims: Mapping[str, Any], *, key: rsa.RSAPrivateKey | None = None) -> str:
        """A token that holds `claims`, fresh unless they say otherwise; another `key` forges it."""
        now = int(time.time())
        payload = {"iat": now, "nbf": now - 5, "exp": now + 300, "jti": f"{now}", **claims}
        signed = f"{_json({'typ': 'JWT', 'alg': 'RS256', 'kid': _KEY_ID})}.{_json(payload)}"
        signature = (key or self.key).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64(signature)}"


@contextmanager
def issuer(folder: Path, hosts: Sequence[str]) -> Iterator[Issuer]:
    """An issuer under each of the names `hosts`; its certificate is kept in `folder` for as long."""
    folder.mkdir(parents=True, exist_ok=True)
    key = new_key()
    authority, chain = certificates(folder, hosts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(key))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        thumbprint = hashlib.sha1(ssl.PEM_cert_to_DER_cert(authority.read_text())).hexdigest()  # noqa: S324
        yield Issuer(f"127.0.0.1:{server.server_port}", thumbprint, key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def new_key() -> rsa.RSAPrivateKey:
    """A key that nobody trusts yet."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _handler(key: rsa.RSAPrivateKey) -> type[BaseHTTPRequestHandler]:
    numbers = key.public_key().public_numbers()
    keys = [
        {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": _KEY_ID,
            "n": _base64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": _base64(numbers.e.to_bytes(3, "big")),
        }
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://{self.headers['Host']}"
            if self.path.endswith(_DISCOVERY):
                url += self.path.removesuffix(_DISCOVERY)
                # Auth0's issuers end in a slash.
                end = "/" if url.endswith(".auth0.com") else ""
                body: dict[str, Any] | None = {"issuer": url + end, "jwks_uri": url + _KEYS}
            else:
                body = {"keys": keys} if self.path.endswith(_KEYS) else None
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body or {}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    return Handler


def certificates(folder: Path, hosts: Sequence[str]) -> tuple[Path, Path]:
    """Files with the certificate of a new CA, and with key and chain of one that it signed for `hosts`."""
    ca_key, key = new_key(), new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the tests")])
    authority = (
        _unsigned(name, name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer of the tests")])
    leaf = (
        _unsigned(subject, name, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca, file = folder / "ca.pem", folder / "chain.pem"
    ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # The CA's own certificate ends the chain: it is the one that a thumbprint is of.
    file.write_bytes(private + b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, authority)))
    return ca, file


def _unsigned(subject: x509.Name, issued_by: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issued_by).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + timedelta(days=1))


def _json(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
