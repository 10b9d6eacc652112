"""Settings merged into a text, twice: the second merge changes nothing."""

from __future__ import annotations

from typing import Any

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.table import render_values
from chaninfra.manifest.merge import toml, workflow, yaml
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest

OURS = "s3://my-bucket/my-channel"
OPTIONS = {"endpoint-url": "https://minio.example.com", "region": "us-east-1", "force-path-style": True}
CHANNEL_LISTS: list[tuple[list[Any], list[Any]]] = [
    (["conda-forge"], [OURS, "conda-forge"]),
    (["bioconda", OURS, "conda-forge"], [OURS, "bioconda", "conda-forge"]),
    (["s3://another/main", "./local", OURS, "nvidia"], ["s3://another/main", "./local", OURS, "nvidia"]),
    (["conda-forge", OURS], [OURS, "conda-forge"]),
    (["https://conda.anaconda.org/conda-forge/", OURS], [OURS, "https://conda.anaconda.org/conda-forge/"]),
    (["nvidia"], [OURS, "nvidia"]),
    (["s3://mirror/conda-forge", OURS], [OURS, "s3://mirror/conda-forge"]),
    (["s3://mirror/a/conda-forge/label/x/", OURS], [OURS, "s3://mirror/a/conda-forge/label/x/"]),
    (["file:///srv/Bioconda", OURS], [OURS, "file:///srv/Bioconda"]),
    ([{"channel": "x", "priority": -1}, OURS], [{"channel": "x", "priority": -1}, OURS]),
    ([{"channel": OURS, "priority": 9}, "conda-forge"], [{"channel": OURS, "priority": 9}, "conda-forge"]),
    ([OURS, "conda-forge", OURS], [OURS, "conda-forge"]),
    ([OURS, {"channel": f"{OURS}/", "priority": 2}, "x"], [{"channel": f"{OURS}/", "priority": 2}, "x"]),
]
"""(the list in the file, the list after a merge of the channel OURS)."""


def into(text: str, *channels: ClientChannel, name: Format = "pixi") -> str:
    """The text after a merge of a TOML format."""
    rendered = render_values(name, ManifestRequest(channels=channels))
    merged = toml.merge(text, rendered, channels, "the file")
    assert toml.merge(merged, rendered, channels, "the file") == merged
    return merged


def into_yaml(text: str, *channels: ClientChannel, name: Format = "github", role_arn: str | None = None) -> str:
    """The text after a merge of a YAML format."""
    rendered = render_values(name, ManifestRequest(channels=channels, role_arn=role_arn))
    merged = yaml.merge(text, rendered, channels, "the file", workflow.MERGED[name])
    assert yaml.merge(merged, rendered, channels, "the file", workflow.MERGED[name]) == merged
    return merged


def is_kept(before: str, after: str) -> bool:
    """Whether `after` has every line of `before`, in this order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())
