"""The channel read by py-rattler, pixi's own code, with the settings that `manifest` prints."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chaninfra.channel.conda.filenames import V3, file_name
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.examination import Case
from chaninfra.manifest import ChannelAccess, ManifestRequest, channel_access, render

_NAMES = 5
"""So many packages are asked for: each takes a request, and one by one they are all alike."""


def reader(case: Case) -> Iterator[Finding]:
    """pixi's own client, with the printed settings, finds what the index lists."""
    wanted = _wanted(case)
    described = channel_access(case.descriptor, None)
    try:
        found = _read(case, described, {name for _, name, _ in wanted} or {"none"})
    except Exception as error:
        # Whatever it is: the client's judgement is what is asked for.
        said = without_queries(" ".join(str(error).split()))
        yield Finding(
            name="reader",
            state="failed",
            found=f"pixi's client cannot read {described.url}: {said}",
            remedy=f"compare these settings with what the store needs: {case.remedies.run('manifest')}",
        )
        return
    missing = sorted({f"{subdir}/{file}" for subdir, _, file in wanted} - found)
    if missing:
        yield Finding(
            name="reader",
            state="failed",
            found=f"pixi's client does not find {', '.join(missing[:_NAMES])}",
            remedy=case.remedies.run("reindex", "--force"),
        )
    else:
        what = f"finds {count(len(wanted), 'package')} that it was asked for" if wanted else "reads its empty index"
        yield Finding(
            name="reader", state="ok", found=f"pixi's client {what} in {described.url}, as {CHANNEL_JSON} says"
        )


def without_queries(text: str) -> str:
    """The text, its URLs without what stands behind a `?`: that of a signed URL lets in whoever has it."""
    return re.sub(r"\?[^\s)\]>\"'`]*", "", text)


def _wanted(case: Case) -> list[tuple[str, str, str]]:
    """(subdir, name, file) of the packages of a few names, as the index has them."""
    found: list[tuple[str, str, str]] = []
    for subdir in case.subdirs:
        repodata = case.index(subdir)
        if repodata is not None:
            found += [(subdir, name, file) for name, file in _files(repodata)]
    few = sorted({name for _, name, _ in found})[:_NAMES]
    return [each for each in found if each[1] in few]


def _files(repodata: Repodata) -> Iterator[tuple[str, str]]:
    for name, table, key, _ in repodata.names():
        # Not every client knows what is below `v3` yet.
        if not table.startswith(V3):
            yield name, file_name(table, key)


def _read(case: Case, described: ChannelAccess, names: set[str]) -> set[str]:
    """`<subdir>/<file>` of what the client finds of the names."""
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    settings = ManifestRequest(channels=(described,), credentials=case.credentials)
    workspace = tomllib.loads(render("pixi", settings))["workspace"]
    options = {
        bucket: S3Config(
            endpoint_url=given["endpoint-url"],
            region=given["region"],
            addressing_style="path" if given["force-path-style"] else "virtual-host",
        )
        for bucket, given in workspace.get("s3-options", {}).items()
    }

    async def query(cache: Path) -> set[str]:
        web = rattler.Client([AuthenticationMiddleware(), S3Middleware(options)])
        gateway = rattler.Gateway(cache_dir=cache, client=web)
        found = await gateway.query([workspace["channels"][0]], [*case.subdirs], sorted(names), recursive=False)
        return {f"{record.subdir}/{record.file_name}" for records in found for record in records}

    with tempfile.TemporaryDirectory(prefix="chaninfra-") as folder:
        logins = Path(folder, "credentials.json")
        logins.touch(0o600)
        logins.write_text(render("auth-file", settings) if case.credentials and options else "{}")
        with _environment({"HOME": folder, **_variables(case, logins)}):
            return asyncio.run(query(Path(folder, "cache")))


def _variables(case: Case, logins: Path) -> dict[str, str | None]:
    """What leads the client to the credentials that the case is of, and, with a HOME of its own, to no others."""
    keys = case.credentials
    found: dict[str, str | None] = {"RATTLER_AUTH_FILE": str(logins), "AWS_REGION": case.descriptor.region}
    if keys is not None:
        found |= {
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_SESSION_TOKEN": keys.session_token,
            "AWS_PROFILE": None,
        }
    return found


@contextmanager
def _environment(changed: Mapping[str, str | None]) -> Iterator[None]:
    """Within, the environment of this process is so; None: the variable is not there. No child is started within."""
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
