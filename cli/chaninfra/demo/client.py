"""A client whose only configuration is a pixi.toml: solves and installs with py-rattler, as pixi does.

`python -m chaninfra.demo.client PIXI_TOML SPEC SUBDIR PREFIX CACHE`; credentials come from RATTLER_AUTH_FILE.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tomllib
from pathlib import Path

from rattler import Channel, Gateway, Platform, RepoDataRecord, VirtualPackage, install, solve
from rattler.networking import AuthenticationMiddleware, Client, S3Middleware
from rattler.networking.middleware import S3Config

from chaninfra.channel.location import addressing_style


def client_for(workspace: dict[str, object]) -> Client:
    """An HTTP client with the `s3-options` of a pixi workspace."""
    options = workspace.get("s3-options", {})
    assert isinstance(options, dict)  # noqa: S101 (pixi's schema says so)
    buckets = {
        bucket: S3Config(
            option["endpoint-url"], option["region"], addressing_style(force_path_style=option["force-path-style"])
        )
        for bucket, option in options.items()
    }
    # The order matters: an s3:// URL is signed with the credentials that the first middleware has looked up.
    return Client([AuthenticationMiddleware(), S3Middleware(buckets)])


async def fetch(manifest: Path, spec: str, subdir: str, prefix: Path, cache: Path) -> list[RepoDataRecord]:
    """Solve `spec` for `subdir` from the channels of the manifest, install it into `prefix`, and return the records."""
    workspace = tomllib.loads(manifest.read_text("utf-8"))["workspace"]
    client = client_for(workspace)
    # The demo works offline: it skips conda-forge, the channel without a URL, and installs nothing from it.
    channels = [Channel(channel) for channel in workspace["channels"] if "://" in channel]
    platform = Platform(subdir)
    gateway = Gateway(cache_dir=cache / "repodata", client=client)
    records = await solve(
        channels,
        [spec],
        gateway=gateway,
        platforms=[platform, Platform("noarch")],
        virtual_packages=VirtualPackage.detect(),
    )
    await install(records, prefix, cache_dir=cache / "packages", platform=platform, client=client, show_progress=False)
    return records


def main() -> None:
    """Print the solved packages and the files below `share` in the prefix."""
    manifest, spec, subdir, prefix, cache = sys.argv[1:]
    records = asyncio.run(fetch(Path(manifest), spec, subdir, Path(prefix), Path(cache)))
    for record in sorted(records, key=lambda record: record.file_name):
        print(f"{record.file_name}  from {record.channel}")
    for path in sorted(Path(prefix).rglob("*")):
        if path.is_file() and path.relative_to(prefix).parts[0] == "share":
            print(f"{path.relative_to(prefix)}: {path.read_text('utf-8').strip()}")


if __name__ == "__main__":
    main()
    # py-rattler's runtime can abort the interpreter at exit, so skip the interpreter's shutdown.
    sys.stdout.flush()
    os._exit(0)
