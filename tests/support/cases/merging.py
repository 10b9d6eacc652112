"""Settings merged into a text, and again: the second merge changes nothing."""

from __future__ import annotations

from chaninfra.manifest import ChannelAccess, Format, ManifestRequest, render
from chaninfra.manifest.merge import toml, workflow, yaml

OURS = "s3://my-bucket/my-channel"
OPTIONS = {"endpoint-url": "https://minio.example.com", "region": "us-east-1", "force-path-style": True}


def into(text: str, *clients: ChannelAccess, name: Format = "pixi") -> str:
    """The text after a merge of a TOML format; a second merge changes nothing."""
    rendered = render(name, ManifestRequest(clients=clients))
    found = toml.merge(text, rendered, clients, "the file")
    assert toml.merge(found, rendered, clients, "the file") == found
    return found


def into_yaml(text: str, *clients: ChannelAccess, name: Format = "github") -> str:
    """The same of a YAML format."""
    rendered = render(name, ManifestRequest(clients=clients))
    merged = getattr(workflow, name.partition("-")[0])
    found = yaml.merge(text, rendered, clients, "the file", merged)
    assert yaml.merge(found, rendered, clients, "the file", merged) == found
    return found


def is_kept(before: str, after: str) -> bool:
    """Whether every line of `before` is in `after`, in this order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())
