"""The values that a GitLab pipeline must have after a merge.

A job of ours is added; a job of the same name keeps what it has, and gets what it lacks. A job has the keys of the jobs
that it extends, and of `default` ("CI/CD YAML syntax reference", `extends` and `default`); of these, a key in the job
replaces all but mappings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge.jobs import COMMANDS, check_one_way, free_name, in_one_job, renamed
from chaninfra.manifest.merge.syntax import MergeError, mapping
from chaninfra.manifest.rendered import Document
from chaninfra.manifest.text import yaml

# The depth to which GitLab follows `extends`.
_DEPTH = 11
_BEFORE = "before_script"
_MAPPINGS = ("id_tokens", "variables")
# Keys that a file may have outside of `default`, for all jobs.
_GLOBAL = ("image", _BEFORE)


def gitlab(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The pipeline with our jobs. A job of the same name keeps its commands, and gets the keys that it lacks.

    Raises ConfigurationError if the file is not a pipeline, or one of its jobs publishes what it builds, ConflictError
    if its jobs already upload to the channel in another way, and MergeError if what a job does to log in cannot be
    added to what it does already.
    """
    after = mapping(before, where)
    check_one_way(
        {str(name): _commands(job) for name, job in after.items()}, [*map(_commands, ours.values())], channels, where
    )
    names: dict[str, str] = {}
    for name, job in ours.items():
        names[name] = name
        theirs = after.get(name, {})
        if not isinstance(theirs, dict):
            raise ConfigurationError("is not a job", where=where, key=(name,), remedy="correct it; nothing was written")
        for command in COMMANDS:
            if theirs and command in str(job["script"]) and command not in str(theirs.get("script")):
                # Another job of that name.
                names[name] = free_name(name, after, channels)
        job = renamed(job, names)
        theirs = after.setdefault(names[name], {})
        if theirs and "needs" in job and not _needs(theirs, job["needs"]):
            raise in_one_job(where, (names[name],))
        if theirs:
            _into_job(theirs, job, after, where, names[name])
        else:
            theirs |= job
    return after


def _commands(job: Any) -> str:
    """What a job runs, as lines."""
    script = job.get("script") if isinstance(job, dict) else None
    return "\n".join(map(str, script)) if isinstance(script, list) else str(script or "")


def _into_job(job: Document, ours: Document, pipeline: Document, where: str, name: str) -> None:
    """Add to `job` what it lacks."""
    inherited, all_known = _inherited(job, pipeline)
    for key, value in ours.items():
        there = job.get(key)
        if there is None and key in inherited and key not in _MAPPINGS and key != _BEFORE:
            continue
        if there is None and key in ("script", "image") and not all_known:
            continue
        if there is None:
            _refuse_to_replace(key, value, inherited, all_known, where, name)
            job[key] = value
        elif key in _MAPPINGS:
            if not isinstance(there, dict):
                raise _by_hand(f"has no mapping, and must get {', '.join(value)}", key, value, where, name)
            there |= value
        elif key == _BEFORE:
            items = there if isinstance(there, list) else [there]
            job[key] = [*(line for line in value if line not in items), *items]


def _refuse_to_replace(key: str, value: Any, inherited: Document, all_known: bool, where: str, name: str) -> None:
    """Raise MergeError if the job would lose something of what it inherits: GitLab does not join lists."""
    if key == _BEFORE and (key in inherited or not all_known):
        source = "that it inherits" if key in inherited else "that it may inherit by `extends`"
        raise _by_hand(f"would replace the one {source}", key, value, where, name)
    if key == "id_tokens" and key in inherited and not inherited[key].keys() <= value.keys():
        raise _by_hand("would replace the tokens that it inherits from `default`", key, value, where, name)


def _by_hand(message: str, key: str, value: Any, where: str, name: str) -> MergeError:
    lines = "\n".join(yaml.mapping({key: value}))
    return MergeError(
        message, where=where, key=(name, key), remedy=f"write out `{key}` in this job, with this in it:\n{lines}"
    )


def _inherited(job: Document, pipeline: Document, depth: int = 0) -> tuple[Document, bool]:
    """What a job has from `default` and from the jobs that it extends; and whether all of these are in the file."""
    found: dict[str, Any] = {}
    if depth == 0:
        inherit = job.get("inherit")
        wanted = inherit.get("default", True) if isinstance(inherit, dict) else True
        default = pipeline.get("default")
        values = {key: pipeline[key] for key in _GLOBAL if key in pipeline}
        values |= default if isinstance(default, dict) else {}
        if wanted is not False:
            found = {key: value for key, value in values.items() if not isinstance(wanted, list) or key in wanted}
    extends = job.get("extends", [])
    all_known = True
    for parent in extends if isinstance(extends, list) else [extends]:
        base = pipeline.get(parent) if isinstance(parent, str) else None
        if not isinstance(base, dict) or depth == _DEPTH:
            all_known = False
            continue
        above, known = _inherited(base, pipeline, depth + 1)
        # GitLab joins these mappings with those of the job.
        found |= {key: value for key, value in {**above, **base}.items() if key not in _MAPPINGS}
        all_known = all_known and known
    return found, all_known


def _needs(job: Document, names: Sequence[str]) -> bool:
    """Whether a job of GitLab takes what these jobs made."""
    needs = job.get("needs")
    listed = needs if isinstance(needs, list) else []
    found = [each.get("job") if isinstance(each, dict) else each for each in listed]
    return all(name in found for name in names)
