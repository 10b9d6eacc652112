"""What merging into GitHub workflows and into GitLab pipelines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.rendered import Document

PUBLISH = "chaninfra publish"
BUILD = "rattler-build build"
UPLOAD = "rattler-build upload s3"
REINDEX = "chaninfra reindex"
GC = "chaninfra gc"
COPY = "chaninfra copy"
PROMOTE = f"{COPY} --lock"
"""A promotion brings what was approved, which a lock file names: no other copy, a mirror's for example, is one."""
COMMANDS = (BUILD, PUBLISH, UPLOAD, REINDEX, GC, PROMOTE)
"""The commands by which a job is known to build, to publish, to upload, to keep the index or to promote."""

# What uploads a channel's packages → the other way, beside which it would upload them twice.
_OTHER_WAY = {PUBLISH: UPLOAD, UPLOAD: PUBLISH}


def check_one_way(jobs: Mapping[str, str], ours: Sequence[str], channels: Sequence[ClientChannel], where: str) -> None:
    """Raise ConflictError if a job of the file publishes to the channel, and ours is to upload to it, or the reverse.

    `jobs` has the commands of the file's jobs by name, `ours` those of our jobs.
    """
    url = channels[0].descriptor.url
    for way, other in _OTHER_WAY.items():
        if not any(way in commands for commands in ours):
            continue
        for name, commands in jobs.items():
            if any(other in line and url in line.split() for line in commands.splitlines()):
                raise ConflictError(
                    f"uploads to {url} with `{other}` already, and a job with `{way}` would upload the same packages",
                    where=f"{where}, job {name}",
                    remedy="remove this job, or write to another file; nothing was written",
                )


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
