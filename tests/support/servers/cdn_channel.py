"""A channel behind servers that behave like those of conda-forge, on the loopback interface with TLS.

One server has the index files: shards, repodata.json.zst and repodata.json, with records that were changed after the
build (hotfixes). The packages are on another one, to which it redirects with a signature; that one knows no logins.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from rattler.index import index_fs

from support.servers.oidc_issuer import certificates
from support.servers.web_server import Answer, Request, WebServer, ranged, redirect, served, web_server

_SIGNATURE = "X-Amz-Signature=a-signature"
_HASHES = ("sha256", "md5")

Hotfix = Callable[[str, dict[str, Any]], None]
"""Changes the record of a file."""


@dataclass(frozen=True)
class CdnChannel:
    """The running servers. `index` has the index files, `store` the packages."""

    url: str
    index: WebServer
    store: WebServer
    authority: Path
    """The certificate of the CA that is to be trusted: SSL_CERT_FILE."""
    records: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """`<subdir>/<file>` → record, as the index has it."""
    packages: Mapping[str, bytes] = field(repr=False)
    """`<subdir>/<file>` → bytes."""


@contextmanager
def cdn_channel(
    folder: Path, hotfix: Hotfix | None = None, *, name: str = "conda-forge", base_url: str | None = None
) -> Iterator[CdnChannel]:
    """The channel of the packages in `folder`, which is indexed, and then served. `base_url` of its indexes may have
    `{url}`, the URL of the channel, and `{subdir}`.
    """
    asyncio.run(index_fs(folder, write_shards=False, write_zst=False))
    packages = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.glob("*/*.conda")}
    packages |= {f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.glob("*/*.tar.bz2")}
    authority, chain = _tls()
    with web_server(chain, "localhost") as index, web_server(chain, "localhost") as store:
        url = f"{index.url}/{name}"
        records: dict[str, Mapping[str, Any]] = {}
        for file in sorted(folder.glob("*/repodata.json")):
            subdir, told = file.parent.name, json.loads(file.read_text())
            for table in ("packages", "packages.conda"):
                for key, record in told[table].items():
                    if hotfix is not None:
                        hotfix(key, record)
                    records[f"{subdir}/{key}"] = record
            base = None if base_url is None else base_url.format(url=url, subdir=subdir)
            index.files |= {f"/{name}/{subdir}/{path}": body for path, body in _index(told, base).items()}
        index.behaviours += [_packages(f"/{name}/", packages, store), _cached(index)]
        store.behaviours.append(_signed({f"/{name}/{path}": body for path, body in packages.items()}))
        yield CdnChannel(url, index, store, authority, records, packages)


@cache
def _tls() -> tuple[Path, Path]:
    """The certificate of a CA, and a chain for localhost: to make keys takes longer than all else."""
    folder = tempfile.mkdtemp(prefix="cdn-channel-")
    atexit.register(shutil.rmtree, folder)
    return certificates(Path(folder), ["localhost"])


def _index(told: dict[str, Any], base_url: str | None) -> dict[str, bytes]:
    """The index files of a subdir, as CEP 16 and CEP 36 have them: path from its folder → bytes."""
    if base_url is not None:
        told["info"]["base_url"] = base_url
        told["repodata_version"] = 2
    plain = json.dumps(told).encode()
    found = {"repodata.json": plain, "repodata.json.zst": zstandard.compress(plain)}
    shards: dict[str, dict[str, Any]] = {}
    for table in ("packages", "packages.conda"):
        for key, record in told[table].items():
            shard = shards.setdefault(record["name"], {"packages": {}, "packages.conda": {}, "removed": []})
            raw = {each: bytes.fromhex(record[each]) for each in _HASHES if each in record}
            shard[table][key] = {**record, **raw}
    digests = {}
    for name, shard in shards.items():
        packed = zstandard.compress(msgspec.msgpack.encode(shard))
        digests[name] = hashlib.sha256(packed).digest()
        found[f"shards/{digests[name].hex()}.msgpack.zst"] = packed
    info = {"subdir": told["info"]["subdir"], "base_url": base_url or "", "shards_base_url": "./shards/"}
    document = {"version": 1, "info": {**info, "created_at": "2026-11-27T00:00:00Z"}, "shards": digests}
    return found | {"repodata_shards.msgpack.zst": zstandard.compress(msgspec.msgpack.encode(document))}


def _packages(root: str, packages: Mapping[str, bytes], store: WebServer) -> Callable[[Request], Answer | None]:
    """Redirects of packages to where they are."""

    def behaviour(request: Request) -> Answer | None:
        if request.file.removeprefix(root) not in packages:
            return None
        return redirect(f"{store.url}{request.path}?{_SIGNATURE}")

    return behaviour


def _cached(server: WebServer) -> Callable[[Request], Answer | None]:
    """Index files with the headers of a cache."""

    def behaviour(request: Request) -> Answer | None:
        body = server.files.get(request.file)
        if body is None:
            return None
        answer = served(body)
        headers = {**answer.headers, "Cache-Control": "public, max-age=1200", "CF-Cache-Status": "HIT"}
        return ranged(request, replace(answer, headers=headers))

    return behaviour


def _signed(files: Mapping[str, bytes]) -> Callable[[Request], Answer | None]:
    """Files for those who have a signature, and no other login, as by S3."""

    def behaviour(request: Request) -> Answer | None:
        if "authorization" in request.headers:
            return Answer(400, body=b"Only one auth mechanism allowed")
        if not request.path.endswith(f"?{_SIGNATURE}"):
            return Answer(403, body=b"AccessDenied")
        return ranged(request, served(files[request.file])) if request.file in files else None

    return behaviour
