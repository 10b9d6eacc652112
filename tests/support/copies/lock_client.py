"""What pixi does with a lock file, by py-rattler in a fresh process: it writes one, and installs just what it names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from support.channels.conda_client import access, child
from support.servers.s3_servers import Server

_CLIENT = """
    import asyncio, json, os, sys
    from pathlib import Path
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    def client_of(options):
        return rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
"""

_LOCK = f"""{_CLIENT}
    async def main(channel, options, specs, folder, path):
        gateway = rattler.Gateway(cache_dir=folder / "cache", client=client_of(options))
        records = await rattler.solve([channel], specs, gateway, platforms=["linux-64", "noarch"])
        platform = rattler.LockPlatform("linux-64")
        lock = rattler.LockFile([platform])
        lock.set_channels("default", [rattler.LockChannel(channel)])
        for record in records:
            lock.add_conda_package("default", platform, record)
        lock.to_path(path)

    channel, options, specs, folder, path = json.loads(sys.argv[1])
    asyncio.run(main(channel, options, specs, Path(folder), path))
    os._exit(0)
"""

_INSTALL = f"""{_CLIENT}
    async def main(path, source, target, options, folder):
        (environment,) = (each for _, each in rattler.LockFile.from_path(path).environments())
        ((_, packages),) = environment.packages_by_platform().items()
        records = []
        for package in packages:
            record = package.repo_data_record()
            at = target + record.url.removeprefix(source)
            records.append(rattler.RepoDataRecord(package.package_record, record.file_name, at, target))
        await rattler.install(
            records, folder / "prefix", cache_dir=folder / "packages", client=client_of(options), show_progress=False
        )

    path, source, target, options, folder = json.loads(sys.argv[1])
    folder = Path(folder)
    asyncio.run(main(path, source, target, options, folder))
    print(json.dumps(sorted(each.name for each in (folder / "prefix/conda-meta").glob("*.json"))))
    sys.stdout.flush()
    os._exit(0)
"""


def write_lock(channel: str, specs: Sequence[str], path: Path, folder: Path, server: Server) -> None:
    """Solves for `specs` from the channel alone, and writes the pixi.lock of it."""
    options, environment = access(channel, folder, server)
    child(_LOCK, [channel, options, specs, str(folder), str(path)], environment)


def install_locked(path: Path, source: str, target: str, folder: Path, server: Server) -> list[str]:
    """Installs exactly the packages of a pixi.lock of the channel `source`, from `target`, as a mirror of it; the names
    of the files in `conda-meta`. The hashes of the lock are checked, and nothing else is solved for or read.
    """
    options, environment = access(target, folder, server)
    found: list[str] = json.loads(child(_INSTALL, [str(path), source, target, options, str(folder)], environment))
    return found
