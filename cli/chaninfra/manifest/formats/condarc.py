"""`.condarc`, for conda and mamba (conda's documentation, "Using the .condarc conda configuration file").

conda reads s3:// with boto3 (gateways/connection/adapters/s3.py; tried: conda 26.7.1): the keys are those of the AWS
tools, never pixi's, and boto3 has the region and the endpoint from variables or a profile. libmamba has no s3://.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel, by_bucket
from chaninfra.manifest.formats.env import boto3_variables
from chaninfra.manifest.formats.versions import CONDA_SHARDS, CONDA_SHARDS_SWITCH, MAMBA_SHARDS
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import ManifestRequest, access_notes
from chaninfra.manifest.text import shell


def condarc(request: ManifestRequest) -> Rendered:
    """The channels, with strict priority: without it conda may take a package from conda-forge instead.

    The notes of a private channel say what conda needs beside the file. Raises ConfigurationError if it could not read
    all channels.
    """
    values: dict[str, Any] = {"channels": request.channel_urls, "channel_priority": "strict"}
    snapshots = [access for access in request.channels if access.snapshot]
    if snapshots:
        _check_monolith(snapshots)
        values["repodata_use_shards"] = False
    public = [access for access in request.channels if access.method == "public"]
    private = [access for access in request.channels if access.method != "public"]
    return Rendered((*access_notes(public), *_s3(private), *_shards(request.channels)), values)


def _s3(channels: list[ClientChannel]) -> Iterator[str]:
    """What conda needs for s3:// URLs, once per bucket. Raises ConfigurationError for buckets of several stores."""
    endpoints = {access.descriptor.endpoint_url for access in channels if access.store_kind != "aws"}
    stores = len(endpoints) + any(access.store_kind == "aws" for access in channels)
    if stores > 1:
        raise ConfigurationError(
            f"the private channels are on {stores} stores, and conda asks for all of them at one endpoint",
            where=", ".join(access.url for access in channels),
            remedy="give channels of one store, or use pixi: --format pixi",
        )
    for access in by_bucket(channels).values():
        descriptor = access.descriptor
        yield (
            f"{access.s3_bucket_url} is read by conda with boto3 (conda install -n base boto3) and your AWS "
            "credentials: environment, AWS_PROFILE, SSO or role; not with a key of pixi's store."
        )
        yield f"What conda needs beside them: {'; '.join(shell.exports(boto3_variables(access)))}"
        if access.store_kind != "aws" and not descriptor.force_path_style:
            yield (
                "With these variables boto3 asks by path; for virtual-host, use a profile instead: "
                "chaninfra manifest --auth aws --format aws-config"
            )
    if channels:
        yield (
            "mamba and micromamba do not read s3://: use pixi or conda there, or https for a public channel. conda "
            "says 404 whatever the store answers: chaninfra doctor tells what it is."
        )


def _check_monolith(snapshots: list[ClientChannel]) -> None:
    """Raise ConfigurationError for a snapshot that conda cannot read.

    With shards conda (26.7.1, tried) looks for the packages beside the index, whatever its `base_url` says.
    """
    for access in snapshots:
        if access.descriptor.index.monolith == "never":
            raise ConfigurationError(
                "conda does not install from a snapshot that has shards alone, since it looks for the packages there",
                where=access.url,
                remedy="use pixi: --format pixi; or write repodata.json too (`index.monolith`), and make another "
                "snapshot",
            )


def _shards(channels: tuple[ClientChannel, ...]) -> Iterator[str]:
    for access in channels:
        if access.snapshot:
            yield (
                f"{access.url} is a snapshot: with shards conda looks for its packages beside its index, so it has to "
                f"read repodata.json (repodata_use_shards, conda from {CONDA_SHARDS_SWITCH})."
            )
        elif access.descriptor.index.monolith == "never":
            mamba = f" and mamba from {MAMBA_SHARDS}" if access.method == "public" else ""
            yield f"{access.url} has shards and no repodata.json: for conda from {CONDA_SHARDS}{mamba}."
