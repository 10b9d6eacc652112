"""Sidecars of packages: which digest a record gets from one, which are refused, and how bundles are appended."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from msgspec import Raw
from rattler.index import index_fs

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import make_shards, parse_shard
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.index.package.sidecars import (
    MAX_SIDECAR,
    Sidecar,
    SidecarError,
    attestations_sha256,
    immutable_name,
    sidecar_name,
    with_digest,
)
from support.channels.archives import conda, index_json
from support.channels.bundles import bundle, digest, enveloped, message, sidecar

FILE = "a-1-0.conda"
PACKAGE = conda(index_json("a", noarch="generic"))
SHA256 = hashlib.sha256(PACKAGE).hexdigest()
OURS = bundle(FILE, PACKAGE)
ANOTHER = bundle(FILE, PACKAGE, b"another's")


def the_reference(folder: Path, data: bytes) -> str | None:
    """The field that py-rattler's indexer gives the package with this sidecar. Raises where it stops."""
    noarch = folder / "noarch"
    noarch.mkdir(parents=True)
    (noarch / FILE).write_bytes(PACKAGE)
    (noarch / sidecar_name(FILE)).write_bytes(data)
    (noarch / immutable_name(FILE, digest(data))).write_bytes(data)
    asyncio.run(index_fs(folder, write_shards=True, write_zst=False))
    record = json.loads((noarch / "repodata.json").read_text())["packages.conda"][FILE]
    found: str | None = record.get("attestations_sha256")
    return found


@pytest.mark.parametrize(
    "data",
    [
        sidecar(OURS),
        sidecar(OURS, ANOTHER),
        json.dumps([OURS], indent=2).encode() + b"\n",
        sidecar(message(hashlib.sha256(PACKAGE).digest())),
    ],
)
def test_the_digest_is_that_of_the_reference(tmp_path: Path, data: bytes) -> None:
    assert attestations_sha256(data, SHA256) == the_reference(tmp_path, data) == digest(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b" [ ] ",
        b"{",
        b"[1",
        json.dumps(OURS).encode(),
        sidecar(OURS) + b" x",
        sidecar(OURS) + b"\n" + sidecar(OURS),
        b"\xef\xbb\xbf" + sidecar(OURS),
        sidecar(OURS).replace(b"tlogEntries", b"tlog\xffEntries"),
        b"[" * 100_000,
    ],
)
def test_what_the_reference_refuses_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Exception, match="sidecar"):
        the_reference(tmp_path, data)
    with pytest.raises(SidecarError):
        attestations_sha256(data, SHA256)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[" + b" " * MAX_SIDECAR + sidecar(OURS)[1:], "is larger than 1 MiB"),
        (sidecar({}), "bundle 1 is not a Sigstore bundle"),
        (sidecar(OURS, 1), "bundle 2 is not a Sigstore bundle"),
        (sidecar(None), "bundle 1"),
        (sidecar({**OURS, "mediaType": "text/plain"}), "mediaType"),
        (sidecar({**OURS, "mediaType": OURS["mediaType"] + "\n"}), "mediaType"),
        (sidecar({**OURS, "verificationMaterial": 1}), "verificationMaterial"),
        (sidecar({**OURS, "messageSignature": message(b"")["messageSignature"]}), "exactly one"),
        (sidecar({key: OURS[key] for key in ("mediaType", "verificationMaterial")}), "exactly one"),
        (sidecar(enveloped(b"none")), "payload"),
        (sidecar(enveloped(b"[]")), "payload"),
        (sidecar(enveloped(b'{"subject": []}')), "payload"),
        (sidecar(enveloped(b"[" * 100_000)), "payload"),
        (sidecar({**OURS, "dsseEnvelope": {**OURS["dsseEnvelope"], "payload": "a"}}), "payload"),
        (sidecar(message(b"short")), "digest"),
        (sidecar({**OURS, "more": 1 << 70}), "64 bits"),
        (b"[" + json.dumps(OURS).encode()[:-1] + b', "more": ' + b"[" * 200 + b"]" * 200 + b"}]", "nested"),
        (sidecar(OURS).replace(b'"tlogEntries": []', b'"tlogEntries": "\xff"'), "UTF-8"),
    ],
)
def test_bad_sidecars_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SidecarError, match=reason):
        attestations_sha256(data, SHA256)


def test_a_reason_names_one_bundle_only_that_is_no_array() -> None:
    with pytest.raises(SidecarError, match=r"one Sigstore bundle and not an array"):
        attestations_sha256(json.dumps(OURS).encode(), SHA256)


def test_a_sidecar_about_other_bytes_gives_no_digest() -> None:
    old = sidecar(bundle(FILE, b"old"), message(hashlib.sha256(b"old").digest()))
    assert attestations_sha256(old, SHA256) is None
    both = sidecar(bundle(FILE, b"old"), OURS)
    assert attestations_sha256(both, SHA256) == digest(both)
    assert attestations_sha256(sidecar(OURS), SHA256.upper()) == digest(sidecar(OURS))


@pytest.mark.parametrize(
    "unknown",
    [
        enveloped(b"anything", payload_type="text/plain"),
        {**message(b""), "messageSignature": {"signature": "AA=="}},
        enveloped(b'{"subject": [{"name": "a", "digest": {"sha512": "00"}}]}'),
    ],
)
def test_a_bundle_that_does_not_say_what_it_is_about_counts(unknown: dict[str, object]) -> None:
    unsure = sidecar(unknown)
    assert attestations_sha256(unsure, SHA256) == digest(unsure)


def test_bundles_are_appended_and_the_old_ones_keep_their_bytes() -> None:
    old = Sidecar.parse(json.dumps([OURS], indent=3).encode() + b"\n")
    appended = old.appended(Sidecar.parse(sidecar(ANOTHER, OURS)))
    assert json.loads(appended) == [OURS, ANOTHER]
    assert json.dumps([OURS], indent=3).encode()[1:-1].strip() in appended
    assert old.appended(old) == old.data
    # Once more changes nothing.
    assert Sidecar.parse(appended).appended(Sidecar.parse(sidecar(ANOTHER))) == appended


def test_too_many_bundles_are_refused_before_they_are_appended() -> None:
    large = bundle(FILE, PACKAGE, b"x" * (MAX_SIDECAR // 2))
    other = bundle(FILE, PACKAGE, b"y" * (MAX_SIDECAR // 2))
    with pytest.raises(SidecarError, match="1 MiB"):
        Sidecar.parse(sidecar(large)).appended(Sidecar.parse(sidecar(other)))


@pytest.mark.parametrize(
    ("name", "package"),
    [
        (f"{FILE}.sigs", FILE),
        ("a-1-0.tar.bz2.sigs", "a-1-0.tar.bz2"),
        (f"{FILE}.sigs.{SHA256}", FILE),
        (f"{FILE}.sigs.{SHA256.upper()}", None),
        (f"{FILE}.sigs.{SHA256}\n", None),
        (f"{FILE}.sigs\n", None),
        (f"{FILE}.sigs.1", None),
        (FILE, None),
        ("a.sigs", None),
        (f"x/{FILE}.sigs", None),
        (".conda.sigs", None),
    ],
)
def test_names_of_sidecars(name: str, package: str | None) -> None:
    assert package_of(name) == package


def test_a_record_gets_another_digest_or_none() -> None:
    record = Raw(b'{"build":"0","name":"a","size":12345678901234567890}')
    signed = with_digest(record, SHA256)
    assert bytes(signed) == b'{"attestations_sha256":"%s","build":"0","name":"a","size":12345678901234567890}' % (
        SHA256.encode()
    )
    assert bytes(with_digest(signed, None)) == bytes(record)


def test_shards_have_the_digest_as_bytes_as_the_reference_writes_it(tmp_path: Path) -> None:
    data = sidecar(OURS)
    the_reference(tmp_path, data)
    (shard,) = (tmp_path / "noarch" / "shards").iterdir()
    theirs = parse_shard(shard.read_bytes(), "a", bytes.fromhex(shard.name.partition(".")[0]))
    assert theirs is not None
    record = theirs.records["packages.conda"][FILE]
    assert json.loads(bytes(record))["attestations_sha256"] == digest(data)
    repodata = Repodata.empty("noarch")
    repodata.records["packages.conda"] = {FILE: record}
    (ours,) = make_shards(repodata, None, "r", 3)
    again = parse_shard(ours.body.data, "a", ours.digest)
    assert again is not None
    assert again.records == theirs.records
    assert bytes.fromhex(digest(data)) in (decompress(ours.body.data, 1 << 20) or b"")
