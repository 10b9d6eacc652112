"""The values that a CI file must have after a merge: GitHub workflows and GitLab pipelines.

A job of the file that sets up pixi gets what it lacks to read the channel; if there is none, our job is added. Packages
are built by one job and published by another; a job of the file that does both is refused. What people chose (triggers,
versions of actions, names, commands) stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.github import ARTIFACT
from chaninfra.manifest.formats.table import Format
from chaninfra.manifest.merge.condarc import check_line_flags, condarc
from chaninfra.manifest.merge.syntax import mapping
from chaninfra.manifest.rendered import Document

Merged = Callable[[Any, Document, Sequence[ClientChannel], str], Document]
"""(values of the file, rendered values, channels, path of the file for errors) → values that the file must have."""

_LOGIN = "aws-actions/configure-aws-credentials"
_PIXI = "prefix-dev/setup-pixi"
_UPLOAD = "actions/upload-artifact"
_DOWNLOAD = "actions/download-artifact"
_PUBLISH = "chaninfra publish"
_BUILD = "rattler-build build"
# Whoever opens a pull request decides what its jobs run.
_NOT_FOR_PULL_REQUESTS = "${{ !startsWith(github.event_name, 'pull_request') }}"
_INSTALL, _INSTALLED = ".venv/bin/pip install", ".venv/bin/chaninfra"


def github(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The workflow with the steps of our jobs.

    Raises ConfigurationError if the file is not a workflow, or one of its jobs publishes what it builds, and
    ConflictError if its setup-pixi logs in to another host: the action can log in to one host only.
    """
    after = mapping(before, where)
    if not after:
        return ours
    jobs = after.setdefault("jobs", {})
    if not isinstance(jobs, dict):
        raise ConfigurationError(
            "is not a mapping", where=where, key=("jobs",), remedy="correct it; nothing was written"
        )
    for key in ("name", "on"):
        after.setdefault(key, ours[key])
    found = {_purpose(job): [name for name in jobs if _purpose(jobs[name]) == _purpose(job)] for job in _jobs(ours)}
    for name in found.get("publish", ()):
        if not any(_action(step) == _DOWNLOAD for step in _steps(jobs[name])):
            raise _in_one_job(where, ("jobs", str(name)))
    names: dict[str, str] = {}
    for name, rendered in ours["jobs"].items():
        job = rendered
        if "publish" in found and _for_pull_requests(after["on"]):
            job = {"if": _NOT_FOR_PULL_REQUESTS, **rendered}
        permissions = job.get("permissions", ours["permissions"])
        existing = found[_purpose(job)]
        for other in existing:
            _into_job(jobs[other], job, after.get("permissions"), permissions, where, ("jobs", str(other)))
        # Who publishes with chaninfra already has a job that builds.
        if not existing and not (_purpose(job) == "build" and found["publish"]):
            names[name] = _free(name, jobs, channels)
            # One run at a time is for the job that publishes.
            limits = {} if _purpose(job) == "build" else {"concurrency": ours["concurrency"]}
            jobs[names[name]] = {**_renamed(job, names), "permissions": permissions, **limits}
        elif existing:
            names[name] = str(existing[0])
    return after


def _for_pull_requests(on: Any) -> bool:
    """Whether pull requests trigger a workflow."""
    events = on if isinstance(on, list | dict) else [on]
    return any(str(event).startswith("pull_request") for event in events)


def _jobs(workflow: Document) -> list[Document]:
    return list(workflow["jobs"].values())


def _steps(job: Any) -> list[Document]:
    steps = job.get("steps") if isinstance(job, dict) else None
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _purpose(job: Any) -> str | None:
    """What a job is for: `publish` with chaninfra, `build` the packages for such a job, or `read` with pixi."""
    steps = _steps(job)
    if any(_PUBLISH in str(step.get("run", "")) for step in steps):
        return "publish"
    inputs = [step["with"] for step in steps if _action(step) == _UPLOAD and isinstance(step.get("with"), dict)]
    if any(each.get("name") == ARTIFACT for each in inputs):
        return "build"
    return "read" if any(_action(step) == _PIXI for step in steps) else None


def _in_one_job(where: str, key: tuple[str, ...]) -> ConfigurationError:
    return ConfigurationError(
        "builds and publishes in one job, so recipes, which run any command, would have what may publish",
        where=where,
        key=key,
        remedy="remove this job, or write to another file; nothing was written",
    )


def _free(name: str, jobs: Document, channels: Sequence[ClientChannel]) -> str:
    return name if name not in jobs else f"{name}-{channels[0].descriptor.name}"


def _renamed(job: Document, names: Mapping[str, str]) -> Document:
    """The job, which may need one of ours that has another name in the file."""
    needs = job.get("needs")
    if isinstance(needs, list):
        return {**job, "needs": [names.get(name, name) for name in needs]}
    return {**job, "needs": names.get(needs, needs)} if needs else job


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
    for name in ("if", "environment"):
        if name in ours:
            job.setdefault(name, ours[name])
    if "env" in ours:
        job["env"] = {**mapping(job.get("env"), where, *key, "env"), **ours["env"]}
    steps = job["steps"]
    login_id = "aws"
    for step in ours["steps"]:
        if _action(step) not in (_LOGIN, _PIXI):
            continue
        theirs = next((other for other in steps if isinstance(other, dict) and _action(other) == _action(step)), None)
        if _action(step) == _LOGIN:
            if theirs is None:
                steps.insert(_place_of_login(steps), step)
                continue
            login_id = theirs.setdefault("id", step["id"])
        if theirs is None:
            steps.insert(0, step)
        elif "with" in step:
            _inputs(theirs, step["with"], login_id, where, (*key, "steps", "with"))
    for step in ours["steps"]:
        for command in (_BUILD, _PUBLISH):
            if command in step.get("run", ""):
                for other in [each for each in _steps(job) if command in str(each.get("run", ""))]:
                    _command(other, step, where, (*key, "steps", "env"))
                    if _INSTALLED in str(other["run"]):
                        _install(steps, other, ours["steps"])


def _install(steps: list[Any], before: Document, ours: Sequence[Document]) -> None:
    """Add our step that installs chaninfra, if the file has none and a step of it uses what ours installs."""
    installing = [step for step in ours if _INSTALL in step.get("run", "")]
    if installing and not any(isinstance(step, dict) and _INSTALL in str(step.get("run", "")) for step in steps):
        steps.insert(next(place for place, step in enumerate(steps) if step is before), installing[0])


def _place_of_login(steps: list[Any]) -> int:
    """The index at which the login is inserted: before publishing, or else before setup-pixi."""
    for place, step in enumerate(steps):
        if isinstance(step, dict) and (_action(step) == _PIXI or _PUBLISH in str(step.get("run", ""))):
            return place
    return 0


def _inputs(step: Document, ours: Document, login_id: str, where: str, key: tuple[str, ...]) -> None:
    """Set our inputs on a step of the file. `login_id` is the id of the step that logs in to AWS."""
    inputs = step["with"] = mapping(step.get("with"), where, *key)
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
        if name == "post-cleanup" or (name == "role-to-assume" and "vars." in value):
            inputs.setdefault(name, value)
        elif name != "run-install":
            inputs[name] = value


def _command(step: Document, ours: Document, where: str, key: tuple[str, ...]) -> None:
    """Replace the command if it is for another channel; else keep it, with the changes that people made."""
    words = ours["run"].split()
    if words[words.index("--channel") + 1] not in str(step["run"]).split():
        step["run"] = ours["run"]
    if "env" in ours:
        step["env"] = {**mapping(step.get("env"), where, *key), **ours["env"]}


def _action(step: Document) -> str:
    return str(step.get("uses", "")).partition("@")[0]


def gitlab(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The pipeline with our jobs. A job of the same name keeps its commands, and gets the keys that it lacks.

    Raises ConfigurationError if the file is not a pipeline, or one of its jobs publishes what it builds.
    """
    after = mapping(before, where)
    names: dict[str, str] = {}
    for name, job in ours.items():
        names[name] = name
        theirs = after.get(name, {})
        if not isinstance(theirs, dict):
            raise ConfigurationError("is not a job", where=where, key=(name,), remedy="correct it; nothing was written")
        for command in (_BUILD, _PUBLISH):
            if theirs and command in str(job["script"]) and command not in str(theirs.get("script")):
                # Another job of that name.
                names[name] = _free(name, after, channels)
        job = _renamed(job, names)
        theirs = after.setdefault(names[name], {})
        if theirs and "needs" in job and not _needs(theirs, job["needs"]):
            raise _in_one_job(where, (names[name],))
        for key, value in job.items():
            if key in ("id_tokens", "variables") and isinstance(theirs.get(key), dict):
                theirs[key] |= value
            elif key == "before_script" and isinstance(theirs.get(key), list):
                theirs[key][:0] = [line for line in value if line not in theirs[key]]
            else:
                theirs.setdefault(key, value)
    return after


def _needs(job: Document, names: Sequence[str]) -> bool:
    """Whether a job of GitLab takes what these jobs made."""
    needs = job.get("needs")
    listed = needs if isinstance(needs, list) else []
    found = [each.get("job") if isinstance(each, dict) else each for each in listed]
    return all(name in found for name in names)


MERGED: Mapping[Format, Merged] = {
    "github": github,
    "github-publish": github,
    "gitlab": gitlab,
    "gitlab-publish": gitlab,
    "condarc": condarc,
}
"""The function for each YAML format."""

CHECKS: Mapping[Format, Callable[[str, str], None]] = {"condarc": check_line_flags}
"""What is checked in the text before, since the values do not have it."""
