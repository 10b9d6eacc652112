"""Our jobs put into the CI file of somebody: what it is to say, on plain values.

A job that sets up pixi already gets what it lacks to read the channel; where there is none, ours is added. What people
chose (triggers, versions of actions, names, commands) stays.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.merge import channel_list

_LOGIN = "aws-actions/configure-aws-credentials"
_PIXI = "prefix-dev/setup-pixi"
_PUBLISH = "chaninfra publish"


def github(before: Any, ours: dict[str, Any], clients: Sequence[ChannelAccess], where: str) -> dict[str, Any]:
    """The workflow with our job's steps in it. Raises ConfigurationError where it is no workflow, and ConflictError
    where setup-pixi logs in elsewhere, as it can log in to one host only."""
    after = _mapping(before, where)
    if not after:
        return ours
    ((name, job),) = ours["jobs"].items()
    jobs = after.setdefault("jobs", {})
    if not isinstance(jobs, dict):
        raise ConfigurationError("jobs is no mapping", where=where, remedy="correct it; nothing was written")
    publishes = any(_PUBLISH in step.get("run", "") for step in job["steps"])
    targets = [each for each in jobs.values() if _is_target(each, publishes=publishes)]
    for each in ("name", "on"):
        after.setdefault(each, ours[each])
    if not targets:
        own = name if name not in jobs else f"{name}-{clients[0].descriptor.name}"
        jobs[own] = {**job, "permissions": ours["permissions"], "concurrency": ours["concurrency"]}
    for target in targets:
        _into_job(target, job, after.get("permissions"), ours["permissions"], where)
    return after


def _is_target(job: Any, *, publishes: bool) -> bool:
    steps = job.get("steps") if isinstance(job, dict) else None
    found = [step for step in steps or () if isinstance(step, dict)] if isinstance(steps, list) else []
    if publishes:
        return any(_PUBLISH in str(step.get("run", "")) for step in found)
    return any(_action(step) == _PIXI for step in found)


def _into_job(job: dict[str, Any], ours: dict[str, Any], above: Any, permissions: dict[str, str], where: str) -> None:
    if "id-token" in permissions:
        has = job.get("permissions", above if isinstance(above, dict) else {})
        if isinstance(has, dict) and has.get("id-token") != "write":
            # On the job, so that no other gets a token by this. What it had by default is no longer granted.
            job["permissions"] = {**permissions, **{name: right for name, right in has.items() if name != "id-token"}}
    if "env" in ours:
        job["env"] = {**_mapping(job.get("env"), where), **ours["env"]}
    steps = job["steps"]
    own_id = "aws"
    for step in ours["steps"]:
        if _action(step) not in (_LOGIN, _PIXI):
            continue
        theirs = next((each for each in steps if isinstance(each, dict) and _action(each) == _action(step)), None)
        if _action(step) == _LOGIN:
            if theirs is None:
                steps.insert(_place_of_login(steps, ours["steps"]), step)
                continue
            own_id = theirs.setdefault("id", step["id"])
        if theirs is None:
            steps.insert(0, step)
        elif "with" in step:
            _inputs(theirs, step["with"], own_id, where)
    for step in ours["steps"]:
        if _PUBLISH in step.get("run", ""):
            theirs = next(each for each in steps if isinstance(each, dict) and _PUBLISH in str(each.get("run", "")))
            _publish(theirs, step, where)


def _place_of_login(steps: list[Any], ours: Sequence[dict[str, Any]]) -> int:
    """Before the step that needs it: the publication where nothing else does, as our own order says."""
    actions = [_action(step) for step in ours]
    late = actions.index(_PIXI) < actions.index(_LOGIN)
    for place, step in enumerate(steps):
        if isinstance(step, dict) and (_PUBLISH in str(step.get("run", "")) if late else _action(step) == _PIXI):
            return place
    return 0


def _inputs(step: dict[str, Any], wanted: dict[str, Any], own_id: str, where: str) -> None:
    inputs = step["with"] = _mapping(step.get("with"), where)
    host = inputs.get("auth-host")
    if "auth-host" in wanted and host not in (None, wanted["auth-host"]):
        raise ConflictError(
            f"setup-pixi logs in to {host} there, and it takes one host",
            where=where,
            remedy="write a workflow of its own, or log in to the second by: chaninfra manifest --format login",
        )
    for name, value in wanted.items():
        if isinstance(value, str):
            value = value.replace("steps.aws.", f"steps.{own_id}.")
        if name == "role-to-assume" and "vars." in value:
            inputs.setdefault(name, value)
        elif name != "run-install":
            inputs[name] = value


def _publish(step: dict[str, Any], ours: dict[str, Any], where: str) -> None:
    """Another channel, and the whole command is ours; the same, and it stays as it was changed."""
    words = ours["run"].split()
    if words[words.index("--channel") + 1] not in str(step["run"]).split():
        step["run"] = ours["run"]
    if "env" in ours:
        step["env"] = {**_mapping(step.get("env"), where), **ours["env"]}


def _action(step: dict[str, Any]) -> str:
    return str(step.get("uses", "")).partition("@")[0]


def gitlab(before: Any, ours: dict[str, Any], clients: Sequence[ChannelAccess], where: str) -> dict[str, Any]:
    """The pipeline with our job in it; a job of its name keeps its commands, and gets the rest. Raises
    ConfigurationError where it is none."""
    after = _mapping(before, where)
    for name, job in ours.items():
        theirs = after.setdefault(name, {})
        if not isinstance(theirs, dict):
            raise ConfigurationError(f"{name} is no job", where=where, remedy="correct it; nothing was written")
        for key, value in job.items():
            if key in ("id_tokens", "variables") and isinstance(theirs.get(key), dict):
                theirs[key] |= value
            elif key == "before_script" and isinstance(theirs.get(key), list):
                theirs[key][:0] = [line for line in value if line not in theirs[key]]
            else:
                theirs.setdefault(key, value)
    return after


def condarc(before: Any, ours: dict[str, Any], clients: Sequence[ChannelAccess], where: str) -> dict[str, Any]:
    """The settings with our channels among theirs. Raises ConfigurationError where it is none."""
    after = _mapping(before, where)
    listed = after.get("channels") or []
    if not isinstance(listed, list):
        raise ConfigurationError("channels is no list", where=where, remedy="correct it; nothing was written")
    after["channels"] = channel_list.merged(listed, clients) if listed else ours["channels"]
    after.setdefault("channel_priority", ours["channel_priority"])
    return after


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError("is no mapping where one should be", where=where, remedy="correct it")
    return copy.deepcopy(value)
