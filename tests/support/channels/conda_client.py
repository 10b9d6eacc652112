"""A conda client and an indexer, real ones, each in a fresh process.

Fresh, since a client must know nothing of what was there before, and because the async calls of py-rattler can abort
the interpreter at its end; what they did counts, so the children end by `os._exit`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from support.servers.s3_servers import Server

_INSTALL = """
    import asyncio, json, os, sys
    from pathlib import Path
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    async def main(channel, options, specs, folder, sharded):
        client = rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
        source = rattler.SourceConfig(sharded_enabled=sharded)
        gateway = rattler.Gateway(cache_dir=folder / "cache", default_config=source, client=client)
        platforms = ["linux-64", "noarch"]
        records = await rattler.solve([channel], specs, gateway, platforms=platforms)
        await rattler.install(
            records, folder / "prefix", cache_dir=folder / "packages", client=client, show_progress=False
        )

    channel, options, specs, folder, sharded = json.loads(sys.argv[1])
    folder = Path(folder)
    asyncio.run(main(channel, options, specs, folder, sharded))
    print(json.dumps(sorted(str(path.relative_to(folder / "prefix")) for path in (folder / "prefix").rglob("*"))))
    sys.stdout.flush()
    os._exit(0)
"""

INDEX = """
    import asyncio, json, os, sys
    from rattler.index import S3Credentials, index_s3

    channel, credentials = json.loads(sys.argv[1])
    asyncio.run(index_s3(channel, S3Credentials(**credentials)))
    os._exit(0)
"""

_READ = """
    import asyncio, json, os, sys
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    WAYS = {
        "shards": {},
        "zst": {"sharded_enabled": False},
        "json": {"sharded_enabled": False, "zstd_enabled": False, "bz2_enabled": False},
    }

    async def main(channel, options, names, folder):
        client = rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
        found = {}
        for way, settings in WAYS.items():
            source = rattler.SourceConfig(**settings)
            gateway = rattler.Gateway(cache_dir=f"{folder}/{way}", default_config=source, client=client)
            queried = await gateway.query([channel], ["linux-64", "noarch"], names, recursive=False)
            found[way] = sorted(
                [record.subdir, record.file_name, record.size, record.md5.hex(), record.sha256.hex(), record.depends]
                for records in queried for record in records
            )
        return found

    print(json.dumps(asyncio.run(main(*json.loads(sys.argv[1])))))
    sys.stdout.flush()
    os._exit(0)
"""

_ATTESTATIONS = """
    import asyncio, json, os, sys
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config
    from rattler.sigstore import TrustedRoot, VerificationPolicy, verify_attestation

    async def main(channel, options, name, folder):
        client = rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
        found = {}
        for sharded in (True, False):
            source = rattler.SourceConfig(sharded_enabled=sharded)
            gateway = rattler.Gateway(cache_dir=f"{folder}/{sharded}", default_config=source, client=client)
            ((record,),) = await gateway.query([channel], ["noarch"], [name], recursive=False)
            digest = record.attestations_sha256
            outcome = await verify_attestation(
                record, VerificationPolicy.warn(), client, trusted_root=TrustedRoot.embedded()
            )
            found["shards" if sharded else "zst"] = [digest.hex() if digest else None, outcome.warnings]
        return found

    print(json.dumps(asyncio.run(main(*json.loads(sys.argv[1])))))
    sys.stdout.flush()
    os._exit(0)
"""

_INDEX_FOLDERS = """
    import asyncio, json, os, sys
    from pathlib import Path
    from rattler.index import index_fs

    async def main(folder, names):
        found = {}
        for name in names:
            try:
                await index_fs(folder / name, write_zst=False, write_shards=False)
                found[name] = json.loads((folder / name / "noarch" / "repodata.json").read_text())
            except Exception as error:
                found[name] = str(error)
        return found

    folder, names = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(main(Path(folder), names))))
    sys.stdout.flush()
    os._exit(0)
"""

_SOLVE = """
    import asyncio, json, os, sys
    import rattler

    async def main(solves, spec, folder):
        gateway = rattler.Gateway(cache_dir=folder)
        found = []
        for channels, mode in solves:
            priority = getattr(rattler.ChannelPriority, mode.capitalize())
            records = await rattler.solve(channels, [spec], gateway, ["noarch"], channel_priority=priority)
            found.append([f"{record.channel.rstrip('/')} {record.version}" for record in records])
        return found

    print(json.dumps(asyncio.run(main(*json.loads(sys.argv[1])))))
    sys.stdout.flush()
    os._exit(0)
"""


_NOTICES = """
    import asyncio, json, os, sys
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    async def main(channel, options, folder):
        client = rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
        gateway = rattler.Gateway(cache_dir=folder, client=client)
        found = await gateway.channel_notices([channel])
        return [[each.id, each.level, each.message, each.expires_at] for each in found]

    print(json.dumps(asyncio.run(main(*json.loads(sys.argv[1])))))
    sys.stdout.flush()
    os._exit(0)
"""


def notices(channel: str, folder: Path, server: Server | None = None) -> list[list[str]]:
    """The notices of the channel that the client would show: id, level, message, and until when it holds.

    With `server`, `channel` is an s3:// URL there.
    """
    options, environment = access(channel, folder, server)
    found: list[list[str]] = json.loads(child(_NOTICES, [channel, options, str(folder)], environment))
    return found


def solve(solves: Sequence[tuple[Sequence[str], str]], spec: str, folder: Path) -> list[list[str]]:
    """For each (channels in order, "strict", "flexible" or "disabled"): channel and version of the packages that the
    solver takes."""
    found: list[list[str]] = json.loads(child(_SOLVE, [solves, spec, str(folder)], {}))
    return found


def install(
    channel: str, specs: Sequence[str], folder: Path, server: Server | None = None, *, sharded: bool = True
) -> list[str]:
    """Solves and installs `specs` from the channel alone; what then lies in the prefix.

    With `server`, `channel` is an s3:// URL there, and its keys are in the client's credential store.
    """
    options, environment = access(channel, folder, server)
    found: list[str] = json.loads(child(_INSTALL, [channel, options, specs, str(folder), sharded], environment))
    return found


def read(channel: str, names: Sequence[str], folder: Path, server: Server) -> dict[str, list[Any]]:
    """What the client finds of the names: by shards, by zst and by json, each without a cache."""
    options, environment = access(channel, folder, server)
    found: dict[str, list[Any]] = json.loads(child(_READ, [channel, options, names, str(folder)], environment))
    return found


def attestations(channel: str, name: str, folder: Path, server: Server) -> dict[str, tuple[str | None, list[str]]]:
    """By shards and by zst: the `attestations_sha256` of the only package of that name, and what the client says of its
    attestations, which it reads, and verifies without asking Sigstore."""
    options, environment = access(channel, folder, server)
    found = json.loads(child(_ATTESTATIONS, [channel, options, name, str(folder)], environment))
    return {way: (digest, warnings) for way, (digest, warnings) in found.items()}


def install_by(
    workspace: Mapping[str, Any], specs: Sequence[str], folder: Path, environment: dict[str, str]
) -> list[str]:
    """Solves and installs `specs` from the first channel of a workspace, as pixi.toml has it; what then lies in the
    prefix. The keys are those that `environment` leads to."""
    folder.mkdir(parents=True)
    options = {
        bucket: {
            "endpoint_url": given["endpoint-url"],
            "region": given["region"],
            "addressing_style": "path" if given["force-path-style"] else "virtual-host",
        }
        for bucket, given in workspace.get("s3-options", {}).items()
    }
    arguments = [workspace["channels"][0], options, specs, str(folder), True]
    # No store of keys but one that is named: this machine's may have some.
    nothing = {"HOME": str(folder), "RATTLER_AUTH_FILE": str(folder / "none.json")}
    (folder / "none.json").write_text("{}")
    found: list[str] = json.loads(child(_INSTALL, arguments, {**nothing, **environment}))
    return found


def index(server: Server, bucket: str, prefix: str) -> None:
    """Indexes the packages that are there, by the reference indexer."""
    credentials = {
        "endpoint_url": server.endpoint_url,
        "region": server.region,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
        "addressing_style": "path",
    }
    child(INDEX, [f"s3://{bucket}/{prefix}", credentials], {})


def index_folders(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The repodata.json of noarch that the reference indexer makes of each channel in `folder`, or its error's text."""
    found: dict[str, Any] = json.loads(child(_INDEX_FOLDERS, [str(folder), names], {}))
    return found


def access(channel: str, folder: Path, server: Server | None) -> tuple[dict[str, Any], dict[str, str]]:
    """The client's options for the channel's bucket, and the variables that lead it to keys; `folder` is made."""
    folder.mkdir(parents=True)
    options: dict[str, Any] = {}
    credentials: dict[str, Any] = {}
    if server:
        bucket = channel.removeprefix("s3://").split("/")[0]
        options[bucket] = {"endpoint_url": server.endpoint_url, "region": server.region, "addressing_style": "path"}
        keys = {"access_key_id": server.access_key_id, "secret_access_key": server.secret_access_key}
        # Of the bucket, as `pixi auth login` keeps it: a snapshot leads to the channel beside it.
        credentials[f"s3://{bucket}"] = {"S3Credentials": keys}
    (folder / "credentials.json").write_text(json.dumps(credentials))
    return options, {"RATTLER_AUTH_FILE": str(folder / "credentials.json")}


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of this machine without those that lead to a store, and these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "S3_"))}
    return {**kept, **environment}


def child(script: str, arguments: object, environment: dict[str, str]) -> str:
    """What a Python script prints, in a process of its own that gets the arguments as JSON."""
    ran = subprocess.run(
        [sys.executable, "-c", dedent(script), json.dumps(arguments)],
        env=clean(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
