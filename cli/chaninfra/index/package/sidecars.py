"""Sidecars of packages: the Sigstore attestations that lie beside a package (CEP 50).

The sidecar `<file>.sigs` is a JSON array of Sigstore bundles, to which bundles are only ever appended. The same bytes
lie at `<file>.sigs.<sha256>`, which never changes. The record's field `attestations_sha256` names the latter. All
functions here take bytes; none verifies a signature, which is what clients do.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.filenames import SIDECAR_SUFFIX
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain, check_utf8

MAX_SIDECAR = 1 << 20
"""Largest sidecar that is read or written, in bytes. A bundle has some 10 kB; rattler reads sidecars up to 4 MiB."""
FIELD = "attestations_sha256"
"""The field of a record that has the hex sha256 of the sidecar."""

_MEDIA_TYPE = re.compile(r"application/vnd\.dev\.sigstore\.bundle(?:\.v\d+\.\d+\+json|\+json;version=\d+\.\d+)")
_IN_TOTO = "application/vnd.in-toto+json"


class SidecarError(ValueError):
    """The bytes are not a sidecar; the text says why."""


def sidecar_name(file: str) -> str:
    """The file name of a package's sidecar."""
    return f"{file}{SIDECAR_SUFFIX}"


def immutable_name(file: str, digest: str) -> str:
    """The file name of the copy that never changes; `digest` is the hex sha256 of its bytes."""
    return f"{sidecar_name(file)}.{digest}"


class _Envelope(Struct, rename="camel"):
    payload: str
    payload_type: str


class _Digest(Struct):
    algorithm: str = ""
    digest: str = ""


class _Message(Struct, rename="camel"):
    message_digest: _Digest | None = None


@prepared
class _Bundle(Struct, rename="camel"):
    """https://docs.sigstore.dev/about/bundle/, as far as it is read here."""

    media_type: str
    verification_material: dict[str, Any]
    dsse_envelope: _Envelope | None = None
    message_signature: _Message | None = None


class _Subject(Struct):
    digest: dict[str, str] = {}


@prepared
class _Statement(Struct):
    """An in-toto statement: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md."""

    subject: list[_Subject]


_bundle = msgspec.json.Decoder(_Bundle)
_statement = msgspec.json.Decoder(_Statement)


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """A sidecar that was checked."""

    data: bytes
    bundles: tuple[bytes, ...]
    """The bytes of each bundle as they are in `data`."""
    subjects: frozenset[str] | None
    """Hex sha256 of the files that the bundles are about; None: a bundle does not say it."""

    @classmethod
    def parse(cls, data: bytes) -> Sidecar:
        """Check the bytes. Raises SidecarError."""
        if len(data) > MAX_SIDECAR:
            raise SidecarError(f"is larger than {MAX_SIDECAR >> 20} MiB")
        try:
            check_utf8(data)
            document = msgspec.json.decode(data)
        except MALFORMED as error:
            raise SidecarError(f"is not a JSON array of Sigstore bundles: {error}") from error
        if isinstance(document, dict) and "mediaType" in document:
            raise SidecarError("is one Sigstore bundle and not an array of them")
        if not isinstance(document, list) or not document:
            raise SidecarError("is not a JSON array of Sigstore bundles")
        try:
            check_plain(document)
        except ValueError as error:
            raise SidecarError(f"is not a JSON array of Sigstore bundles: {error}") from error
        bundles = tuple(bytes(raw) for raw in msgspec.json.decode(data, type=list[Raw]))
        subjects: set[str] | None = set()
        for position, raw in enumerate(bundles, 1):
            try:
                found = _subjects(_bundle.decode(raw))
            except MALFORMED as error:
                raise SidecarError(f"bundle {position} is not a Sigstore bundle: {error}") from error
            subjects = None if found is None or subjects is None else subjects | found
        return cls(data=data, bundles=bundles, subjects=None if subjects is None else frozenset(subjects))

    @property
    def digest(self) -> str:
        """Hex sha256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def is_about(self, sha256: str) -> bool:
        """Whether a bundle is, or may be, about the file with this hex sha256."""
        return self.subjects is None or sha256.lower() in self.subjects

    def appended(self, new: Sidecar) -> bytes:
        """The bytes with the bundles of `new` that are not there yet behind the present ones, which keep their bytes.

        Raises SidecarError where that would be too large.
        """
        present = {_value(raw) for raw in self.bundles}
        more = [raw for raw in new.bundles if _value(raw) not in present]
        if not more:
            return self.data
        data = b"[" + b",".join((*self.bundles, *more)) + b"]"
        if len(data) > MAX_SIDECAR:
            raise SidecarError(f"would be larger than {MAX_SIDECAR >> 20} MiB with the new bundles")
        return data


def attestations_sha256(data: bytes, sha256: str) -> str | None:
    """What the record of a package with this hex sha256 says of a sidecar with these bytes: their own hex sha256.

    None where every bundle is about other bytes, as after a package was overwritten: an attestation is about a digest
    (CEP 27). The sidecar stays and counts again when the package has those bytes. Raises SidecarError.
    """
    sidecar = Sidecar.parse(data)
    return sidecar.digest if sidecar.is_about(sha256) else None


def with_digest(record: Raw, digest: str | None) -> Raw:
    """The record (JSON) with this `attestations_sha256`, or without one. Raises UNWRITABLE for a record that cannot be
    written again.
    """
    fields: dict[str, Any] = msgspec.json.decode(record, type=dict[str, Any])
    check_plain(fields)
    fields.pop(FIELD, None)
    if digest is not None:
        fields[FIELD] = digest
    return Raw(msgspec.json.encode(dict(sorted(fields.items()))))


def _value(raw: bytes) -> bytes:
    """The same bytes for the same JSON value."""
    return msgspec.json.encode(msgspec.json.decode(raw), order="deterministic")


def _subjects(bundle: _Bundle) -> set[str] | None:
    """Hex sha256 of the files that the bundle is about; None: it does not say it in a form that is known here.

    Raises MALFORMED where it is not a bundle.
    """
    if not _MEDIA_TYPE.fullmatch(bundle.media_type):
        raise ValueError("mediaType is not that of a Sigstore bundle")
    envelope, message = bundle.dsse_envelope, bundle.message_signature
    if (envelope is None) == (message is None):
        raise ValueError("it has to have exactly one of dsseEnvelope and messageSignature")
    if envelope is not None:
        try:
            payload = _base64(envelope.payload)
            if envelope.payload_type != _IN_TOTO:
                return None
            subjects = _statement.decode(payload).subject
        except MALFORMED as error:
            raise ValueError(f"its payload is not valid: {error}") from error
        if not subjects:
            raise ValueError("its payload is about no file")
        digests = {subject.digest.get("sha256", "").lower() for subject in subjects}
        return None if "" in digests else digests
    signed = message.message_digest if message else None
    if signed is None or signed.algorithm != "SHA2_256":
        return None
    digest = _base64(signed.digest)
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("its messageDigest is no digest of sha256")
    return {digest.hex()}


def _base64(text: str) -> bytes:
    """The bytes; protobuf's JSON takes both alphabets, with and without padding."""
    plain = text.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
