"""A probe of a bucket, and what it leaves there."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import CheckResult
from chaninfra.channel.probe.probe import ProbeResult
from chaninfra.channel.probe.report import examine
from chaninfra.channel.s3.credentials import Credentials
from support.channels.channel_at import PREFIX
from support.channels.channels import etags
from support.servers.s3_servers import Server

SCRATCH = f"{PREFIX}/.chaninfra/"


def described(server: Server, bucket: str, **more: Any) -> Descriptor:
    base = Descriptor(
        name="c",
        provider="custom",
        bucket=bucket,
        prefix=PREFIX,
        url=f"s3://{bucket}/{PREFIX}",
        endpoint_url=server.endpoint_url,
        region=server.region,
        force_path_style=True,
        visibility="private",
        auth="pixi",
        subdirs=("noarch",),
    )
    return structs.replace(base, **more)


def examined(server: Server, descriptor: Descriptor) -> tuple[ProbeResult, dict[str, CheckResult]]:
    found, results = examine(descriptor, Credentials(server.access_key_id, server.secret_access_key))
    return found, {each.name: each for each in results}


def left(server: Server, bucket: str) -> list[str]:
    """What a probe left in the bucket: objects, old versions, delete markers and uploads."""
    client = server.client()
    versions = client.list_object_versions(Bucket=bucket, Prefix=SCRATCH)
    entries = [*versions.get("Versions", ()), *versions.get("DeleteMarkers", ()), *etags_below(server, bucket)]
    return [str(entry) for entry in [*entries, *client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]]


def etags_below(server: Server, bucket: str) -> list[str]:
    return [*etags(server, bucket, SCRATCH)]
