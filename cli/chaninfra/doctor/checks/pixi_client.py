"""The channel as pixi reads it: py-rattler, which wraps pixi's own code, with the settings that `manifest` prints, and
with the keys, region and environment that pixi would have here."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chaninfra.channel.conda.filenames import V3, PackageFileName, file_name
from chaninfra.channel.conda.name_rules import broken_rule
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.location import addressing_style
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.pixi_reading import AUTH_FILE, PixiReading, reading
from chaninfra.index.valid_records import why_invalid
from chaninfra.manifest.client_access import ClientChannel, client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.request import ManifestRequest

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_NAMES = 5
"""The number of package names that are queried: each takes a request, and more of them would test nothing else."""

_LOOKED_AT = 20
"""The most shards that are read per subdir to find these: some have no record that every client reads."""


class _Wanted(NamedTuple):
    """A package in the index; `invalid`: why clients cannot read its record, None if they can."""

    subdir: str
    name: str
    file: str
    invalid: str | None

    @property
    def path(self) -> str:
        return f"{self.subdir}/{self.file}"


def reader(exam: Examination) -> Iterator[Finding]:
    """pixi's client, with the settings of `manifest`, finds the packages that the index lists."""
    expected = wanted(exam)
    if bad := [*damaged(exam, expected)]:
        yield from bad
        return
    if exam.without_credentials and exam.descriptor.public_url is None:
        yield Finding(
            state="warning",
            found="not tried: the channel has no public URL, and pixi would send your keys where only a document says",
            remedy=exam.remedies.command("doctor", endpoint_url=exam.descriptor.endpoint_url),
        )
        return
    access = client_channel(exam.descriptor, "public" if exam.without_credentials else None)
    # Windows deletes no file that is open, and pixi's client may still have one of its cache.
    with tempfile.TemporaryDirectory(prefix="chaninfra-", ignore_cleanup_errors=True) as folder:
        way = reading(exam, access, Path(folder))
        if way.stop:
            yield way.stop
            return
        try:
            found = _query(exam, access, way, {each.name for each in expected} or {"none"}, Path(folder))
        except Exception as error:
            # py-rattler raises exceptions of many kinds; each of them means that pixi cannot read the channel.
            message = without_queries(" ".join(str(error).split()))
            settings = f"compare these settings with what the store needs: {exam.remedies.command('manifest')}"
            yield way.of_stores(message, Path(folder)) or Finding(
                state="failed",
                found=f"{way.doubt}pixi's client cannot read {access.url}{way.by}{way.unasked}: {message}",
                remedy=way.remedy or settings,
            )
            return
    missing = sorted({each.path for each in expected} - found)
    if missing:
        yield Finding(
            state="failed",
            found=f"pixi's client does not find {', '.join(missing[:_NAMES])}",
            remedy=exam.remedies.command("reindex", "--force"),
        )
    else:
        what = f"finds {count(len(expected), 'package')}" if expected else "reads the empty index"
        found_text = f"pixi's client {what} in {access.url} with the settings of {CHANNEL_JSON}{way.by}"
        yield Finding(state="ok", found=found_text)
    yield from way.more


def without_queries(text: str) -> str:
    """The text without the query of each URL: whoever has that of a presigned URL has access."""
    return re.sub(r"\?[^\s)\]>\"'`]*", "", text)


def damaged(exam: Examination, packages: Sequence[_Wanted]) -> Iterator[Finding]:
    """The findings for what no client can read of the index. A re-index reads every shard, and makes every record
    again, only by `--force`.
    """
    remedy = exam.remedies.command("reindex", "--force")
    if shards := exam.damaged_shards:
        more = f" and {len(shards) - _NAMES:,} more" if len(shards) > _NAMES else ""
        found = f"{count(len(shards), 'shard')} that no client can read: {', '.join(shards[:_NAMES])}{more}"
        yield Finding(state="failed", found=found, remedy=remedy)
    if records := [f"{each.path} ({each.invalid})" for each in packages if each.invalid]:
        more = f" and {len(records) - _NAMES:,} more" if len(records) > _NAMES else ""
        found = f"{count(len(records), 'record')} that clients cannot read: {', '.join(records[:_NAMES])}{more}"
        yield Finding(state="failed", found=found, remedy=remedy)


def wanted(exam: Examination) -> list[_Wanted]:
    """The indexed packages with one of the first few names, of those that CEP 26 allows: others may not be found, or
    not be a question that the client accepts. The check `packages` names them.
    """
    found: list[_Wanted] = []
    for subdir in exam.subdirs:
        names: set[str] = set()
        for repodata in islice(exam.shards(subdir, _is_allowed), _LOOKED_AT):
            packages = [*_packages(subdir, repodata)]
            found += packages
            names.update(each.name for each in packages)
            if len(names) >= _NAMES:
                break
    few = sorted({each.name for each in found})[:_NAMES]
    return [each for each in found if each.name in few]


def _packages(subdir: str, repodata: Repodata) -> Iterator[_Wanted]:
    for name, table, key, record in repodata.names():
        # Not every client reads the tables below `v3` yet.
        file = file_name(table, key)
        odd = not _is_allowed(name) or broken_rule(*PackageFileName.parse(file)[:3])
        if not table.startswith(V3) and not odd:
            yield _Wanted(subdir, name, file, why_invalid(record))


def _is_allowed(name: str) -> bool:
    return broken_rule(name, "0", "0") is None


def _query(exam: Examination, access: ClientChannel, way: PixiReading, names: set[str], folder: Path) -> set[str]:
    """`<subdir>/<file>` of the packages with these names that the client finds."""
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    workspace = tomllib.loads(render("pixi", ManifestRequest(channels=(access,))))["workspace"]
    options = {
        bucket: S3Config(
            endpoint_url=given["endpoint-url"],
            region=given["region"],
            addressing_style=addressing_style(force_path_style=given["force-path-style"]),
        )
        for bucket, given in workspace.get("s3-options", {}).items()
    }

    async def query() -> set[str]:
        web = rattler.Client([AuthenticationMiddleware(), S3Middleware(options)])
        gateway = rattler.Gateway(cache_dir=folder / "cache", client=web)
        found = await gateway.query([workspace["channels"][0]], [*exam.subdirs], sorted(names), recursive=False)
        return {f"{record.subdir}/{record.file_name}" for records in found for record in records}

    variables = {**way.variables}
    if way.auth_file is not None:
        auth_file = folder / AUTH_FILE
        auth_file.touch(0o600)
        auth_file.write_text(json.dumps(way.auth_file), "utf-8")
        variables["RATTLER_AUTH_FILE"] = str(auth_file)
    with _environment(variables):
        return asyncio.run(query())


@contextmanager
def _environment(changed: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables of this process within the block; None unsets one. Do not start children within it."""
    before = {name: os.environ.get(name) for name in changed}
    _set(changed)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
