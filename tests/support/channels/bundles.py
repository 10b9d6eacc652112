"""Sidecars of packages for tests (CEP 50). Their bundles have the form of Sigstore's and are signed by nobody."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

IN_TOTO = "application/vnd.in-toto+json"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def bundle(file: str, content: bytes, signature: bytes = b"nobody's") -> dict[str, Any]:
    """An attestation (CEP 27) of the package of this name and content."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}],
        "predicateType": "https://schemas.conda.org/attestations-publish-1.schema.json",
        "predicate": {"targetChannel": "https://example.com/channel"},
    }
    return enveloped(json.dumps(statement).encode(), signature)


def enveloped(payload: bytes, signature: bytes = b"nobody's", payload_type: str = IN_TOTO) -> dict[str, Any]:
    """A bundle with this payload."""
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"certificate": {"rawBytes": _base64(b"none")}, "tlogEntries": []},
        "dsseEnvelope": {
            "payloadType": payload_type,
            "payload": _base64(payload),
            "signatures": [{"sig": _base64(signature)}],
        },
    }


def message(digest: bytes) -> dict[str, Any]:
    """A bundle that signs the bytes themselves, given by their sha256."""
    signed = {"messageDigest": {"algorithm": "SHA2_256", "digest": _base64(digest)}, "signature": _base64(b"nobody's")}
    material = {"certificate": {"rawBytes": _base64(b"none")}, "tlogEntries": []}
    return {"mediaType": MEDIA_TYPE, "verificationMaterial": material, "messageSignature": signed}


def sidecar(*bundles: object) -> bytes:
    """The bytes of a sidecar."""
    return json.dumps(bundles).encode()


def digest(data: bytes) -> str:
    """The sha256 (hex) of a sidecar."""
    return hashlib.sha256(data).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
