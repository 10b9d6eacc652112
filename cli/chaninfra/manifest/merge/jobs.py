"""What merging into GitHub workflows and into GitLab pipelines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.rendered import Document

PUBLISH = "chaninfra publish"
BUILD = "rattler-build build"
"""The commands by which a job is known to publish, or to build."""


def in_one_job(where: str, key: tuple[str, ...]) -> ConfigurationError:
    """The error for a job that builds and publishes."""
    return ConfigurationError(
        "builds and publishes in one job, so recipes, which run any command, would have what may publish",
        where=where,
        key=key,
        remedy="remove this job, or write to another file; nothing was written",
    )


def free_name(name: str, jobs: Document, channels: Sequence[ClientChannel]) -> str:
    """The name for a job of ours: with the channel's name if the file has a job of that name."""
    return name if name not in jobs else f"{name}-{channels[0].descriptor.name}"


def renamed(job: Document, names: Mapping[str, str]) -> Document:
    """The job, which may need one of ours that has another name in the file."""
    needs = job.get("needs")
    if isinstance(needs, list):
        return {**job, "needs": [names.get(name, name) for name in needs]}
    return {**job, "needs": names.get(needs, needs)} if needs else job
