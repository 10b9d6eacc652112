"""The values that a YAML file must have after a merge: CI jobs and `.condarc`.

A job of the file that sets up pixi gets what it lacks to read the channel; if there is none, our job is added. What
people chose (triggers, versions of actions, names, commands) stays.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.table import Format
from chaninfra.manifest.merge import channel_list
from chaninfra.manifest.merge.syntax import MergeError
from chaninfra.manifest.rendered import Document

Merged = Callable[[Any, Document, Sequence[ClientChannel], str], Document]
"""(values of the file, rendered values, channels, path of the file for errors) → values that the file must have."""

_LOGIN = "aws-actions/configure-aws-credentials"
_PIXI = "prefix-dev/setup-pixi"
_PUBLISH = "chaninfra publish"


def github(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The workflow with the steps of our job.

    Raises ConfigurationError if the file is not a workflow, and ConflictError if its setup-pixi logs in to another
    host: the action can log in to one host only.
    """
    after = _mapping(before, where)
    if not after:
        return ours
    ((name, job),) = ours["jobs"].items()
    jobs = after.setdefault("jobs", {})
    if not isinstance(jobs, dict):
        raise ConfigurationError(
            "is not a mapping", where=where, key=("jobs",), remedy="correct it; nothing was written"
        )
    publishes = any(_PUBLISH in step.get("run", "") for step in job["steps"])
    existing = {name: value for name, value in jobs.items() if _does_the_same(value, publishes=publishes)}
    for key in ("name", "on"):
        after.setdefault(key, ours[key])
    if not existing:
        own_name = name if name not in jobs else f"{name}-{channels[0].descriptor.name}"
        jobs[own_name] = {**job, "permissions": ours["permissions"], "concurrency": ours["concurrency"]}
    for name, theirs in existing.items():
        _into_job(theirs, job, after.get("permissions"), ours["permissions"], where, ("jobs", str(name)))
    return after


def _does_the_same(job: Any, *, publishes: bool) -> bool:
    """Whether a job of the file publishes with chaninfra, or, if ours does not publish, sets up pixi."""
    steps = job.get("steps") if isinstance(job, dict) else None
    mappings = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if publishes:
        return any(_PUBLISH in str(step.get("run", "")) for step in mappings)
    return any(_action(step) == _PIXI for step in mappings)


def _into_job(
    job: Document, ours: Document, default: Any, permissions: dict[str, str], where: str, key: tuple[str, ...]
) -> None:
    """Add to `job` what it lacks. `default` is the permissions of the whole workflow, which a job may override."""
    if "id-token" in permissions:
        theirs = job.get("permissions", default if isinstance(default, dict) else {})
        if isinstance(theirs, dict) and theirs.get("id-token") != "write":
            # On the job, so that no other job can get a token. A job with permissions of its own has no default ones.
            others = {name: permission for name, permission in theirs.items() if name != "id-token"}
            job["permissions"] = {**permissions, **others}
    if "env" in ours:
        job["env"] = {**_mapping(job.get("env"), where, *key, "env"), **ours["env"]}
    steps = job["steps"]
    login_id = "aws"
    for step in ours["steps"]:
        if _action(step) not in (_LOGIN, _PIXI):
            continue
        theirs = next((other for other in steps if isinstance(other, dict) and _action(other) == _action(step)), None)
        if _action(step) == _LOGIN:
            if theirs is None:
                steps.insert(_place_of_login(steps, ours["steps"]), step)
                continue
            login_id = theirs.setdefault("id", step["id"])
        if theirs is None:
            steps.insert(0, step)
        elif "with" in step:
            _inputs(theirs, step["with"], login_id, where, (*key, "steps", "with"))
    for step in ours["steps"]:
        if _PUBLISH in step.get("run", ""):
            theirs = next(other for other in steps if isinstance(other, dict) and _PUBLISH in str(other.get("run", "")))
            _publish(theirs, step, where, (*key, "steps", "env"))


def _place_of_login(steps: list[Any], ours: Sequence[Document]) -> int:
    """The index at which the login is inserted: before setup-pixi, or before publishing if only that needs it."""
    actions = [_action(step) for step in ours]
    for_publishing = actions.index(_PIXI) < actions.index(_LOGIN)
    for place, step in enumerate(steps):
        if not isinstance(step, dict):
            continue
        if _PUBLISH in str(step.get("run", "")) if for_publishing else _action(step) == _PIXI:
            return place
    return 0


def _inputs(step: Document, ours: Document, login_id: str, where: str, key: tuple[str, ...]) -> None:
    """Set our inputs on a step of the file. `login_id` is the id of the step that logs in to AWS."""
    inputs = step["with"] = _mapping(step.get("with"), where, *key)
    host = inputs.get("auth-host")
    if "auth-host" in ours and host not in (None, ours["auth-host"]):
        raise ConflictError(
            f"setup-pixi logs in to {host}, and it can log in to one host only",
            where=where,
            remedy="write another workflow, or log in to the second host with: chaninfra manifest --format login",
        )
    for name, value in ours.items():
        if isinstance(value, str):
            value = value.replace("steps.aws.", f"steps.{login_id}.")
        if name == "role-to-assume" and "vars." in value:
            inputs.setdefault(name, value)
        elif name != "run-install":
            inputs[name] = value


def _publish(step: Document, ours: Document, where: str, key: tuple[str, ...]) -> None:
    """Replace the command if it publishes to another channel; else keep it, with the changes that people made."""
    words = ours["run"].split()
    if words[words.index("--channel") + 1] not in str(step["run"]).split():
        step["run"] = ours["run"]
    if "env" in ours:
        step["env"] = {**_mapping(step.get("env"), where, *key), **ours["env"]}


def _action(step: Document) -> str:
    return str(step.get("uses", "")).partition("@")[0]


def gitlab(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The pipeline with our job. A job of the same name keeps its commands, and gets the keys that it lacks.

    Raises ConfigurationError if the file is not a pipeline.
    """
    after = _mapping(before, where)
    for name, job in ours.items():
        theirs = after.setdefault(name, {})
        if not isinstance(theirs, dict):
            raise ConfigurationError("is not a job", where=where, key=(name,), remedy="correct it; nothing was written")
        for key, value in job.items():
            if key in ("id_tokens", "variables") and isinstance(theirs.get(key), dict):
                theirs[key] |= value
            elif key == "before_script" and isinstance(theirs.get(key), list):
                theirs[key][:0] = [line for line in value if line not in theirs[key]]
            else:
                theirs.setdefault(key, value)
    return after


def condarc(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The settings with our channels in their list.

    Raises ConfigurationError if the file is not a .condarc, and MergeError if it lets conda take a package from another
    channel than the first that has it.
    """
    after = _mapping(before, where)
    # `channel` is conda's other name of the list.
    name = "channel" if "channel" in after and "channels" not in after else "channels"
    listed = after.get(name) or []
    if not isinstance(listed, list):
        raise ConfigurationError("is not a list", where=where, key=(name,), remedy="correct it; nothing was written")
    after[name] = channel_list.merged(listed, channels) if listed else ours["channels"]
    mode = after.get("channel_priority")
    if mode is None:
        after["channel_priority"] = ours["channel_priority"]
    elif str(mode).lower() != ours["channel_priority"]:
        raise MergeError(
            f"with {mode!r} conda may install a package of another channel instead of the channel's",
            where=where,
            key=("channel_priority",),
            remedy=f"write channel_priority: {ours['channel_priority']}; nothing was written",
        )
    return after


def _mapping(value: Any, where: str, *key: str) -> Document:
    """A copy of a mapping; empty for None. Raises ConfigurationError for any other value, which is at `key`."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError("is not a mapping", where=where, key=key, remedy="correct it; nothing was written")
    return copy.deepcopy(value)


MERGED: Mapping[Format, Merged] = {
    "github": github,
    "github-publish": github,
    "gitlab": gitlab,
    "gitlab-publish": gitlab,
    "condarc": condarc,
}
"""The function for each YAML format."""
