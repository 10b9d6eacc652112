"""The values that a GitHub workflow must have after a merge.

A job of the file that sets up pixi gets what it lacks to read the channel; if there is none, our job is added. Packages
are built by one job and published by another; a job of the file that does both is refused. A job on a schedule is not
added to a workflow that has none, since all its jobs would run then; nor is one that waits for an approval. What people
chose (triggers, versions of actions, names, commands, logins) stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.github import ARTIFACT
from chaninfra.manifest.formats.store_sts import ROLE_VARIABLE
from chaninfra.manifest.merge.github_job import LOGIN, PIXI, action, log_in, permit, set_up_pixi, with_pixi
from chaninfra.manifest.merge.jobs import (
    COMMANDS,
    COPY,
    PROMOTE,
    PUBLISH,
    REINDEX,
    UPLOAD,
    check_one_way,
    free_name,
    in_one_job,
    renamed,
)
from chaninfra.manifest.merge.syntax import mapping
from chaninfra.manifest.rendered import Document

_UPLOAD = "actions/upload-artifact"
_DOWNLOAD = "actions/download-artifact"
# Whoever opens a pull request decides what its jobs run.
_NOT_FOR_PULL_REQUESTS = "${{ !startsWith(github.event_name, 'pull_request') }}"
_INSTALL, _INSTALLED = ".venv/bin/pip install", ".venv/bin/chaninfra"
_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 (the name of a variable)
_NOT_BY_PEOPLE = ("schedule", "push")
"""Events that start a workflow without a person who wants it now; besides those of pull requests."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def github(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The workflow with the steps of our jobs.

    Raises ConfigurationError if the file is not a workflow, or one of its jobs publishes what it builds, and
    ConflictError if its setup-pixi logs in to another host: the action can log in to one host only; if a step that
    is to publish by a role has an access key; or if its jobs already upload to the channel in another way.
    """
    after = mapping(before, where)
    if not after:
        return ours
    jobs = after.setdefault("jobs", {})
    if not isinstance(jobs, dict):
        raise ConfigurationError(
            "is not a mapping", where=where, key=("jobs",), remedy="correct it; nothing was written"
        )
    after.setdefault("on", ours["on"])
    found = {_purpose(job): [name for name in jobs if _purpose(jobs[name]) == _purpose(job)] for job in _jobs(ours)}
    _check_own_workflow(found, after, where)
    check_one_way(
        {str(name): _commands(job) for name, job in jobs.items()}, [*map(_commands, _jobs(ours))], channels, where
    )
    writing = found.get("publish", found.get("upload"))
    for name in writing or ():
        if not any(action(step) == _DOWNLOAD for step in _steps(jobs[name])):
            raise in_one_job(where, ("jobs", str(name)))
    names: dict[str, str] = {}
    for name, rendered in ours["jobs"].items():
        job = rendered
        if writing is not None and _for_pull_requests(after["on"]):
            job = {"if": _NOT_FOR_PULL_REQUESTS, **rendered}
        permissions = job.get("permissions", ours["permissions"])
        existing = found[_purpose(job)]
        for other in existing:
            _into_job(jobs[other], job, after.get("permissions"), permissions, where, ("jobs", str(other)))
        # Who publishes already has a job that builds.
        if not existing and not (_purpose(job) == "build" and writing):
            names[name] = free_name(name, jobs, channels)
            # One run at a time is for the job that publishes.
            limited = "concurrency" in ours and _purpose(job) != "build"
            limits = {"concurrency": ours["concurrency"]} if limited else {}
            jobs[names[name]] = {**renamed(job, names), "permissions": permissions, **limits}
        elif existing:
            names[name] = str(existing[0])
    return after


def _for_pull_requests(on: Any) -> bool:
    """Whether pull requests trigger a workflow."""
    return any(map(_is_pull_request, _events(on)))


def _events(on: Any) -> list[str]:
    """The events that trigger a workflow."""
    return [str(event) for event in (on if isinstance(on, list | dict) else [on])]


def _is_pull_request(event: str) -> bool:
    return event.startswith("pull_request")


def _jobs(workflow: Document) -> list[Document]:
    return list(workflow["jobs"].values())


def _steps(job: Any) -> list[Document]:
    steps = job.get("steps") if isinstance(job, dict) else None
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _commands(job: Any) -> str:
    """What the steps of a job run, as lines."""
    return "\n".join(str(step["run"]) for step in _steps(job) if "run" in step)


def _check_own_workflow(found: dict[str | None, list[Any]], after: Document, where: str) -> None:
    """Raise ConflictError if a job on a schedule would be new in the file, or one that people start, or another one
    beside a job on a schedule; or if something else than people starts the job that they are to start."""
    events = after["on"] if isinstance(after["on"], dict) else {}
    scheduled = "schedule" in events and events.keys() <= {"schedule", "workflow_dispatch"}
    if "promote" in found and not found["promote"]:
        raise ConflictError(
            "is another workflow, and a job that waits for an approval needs one of its own: each run of a workflow "
            "would wait for it",
            where=where,
            remedy="write to a new file: --into .github/workflows/promote.yml; nothing was written",
        )
    started_by = [event for event in _events(after["on"]) if event in _NOT_BY_PEOPLE or _is_pull_request(event)]
    if "promote" in found and started_by:
        raise ConflictError(
            f"starts its job `{found['promote'][0]}`, which promotes, by {' and '.join(started_by)}: nobody may have "
            "decided that",
            where=f"{where}, key on",
            remedy="leave only `workflow_dispatch` there, or write to a new file: "
            "--into .github/workflows/promote.yml; nothing was written",
        )
    if "reindex" in found and not found["reindex"]:
        problem, remedy = "is another workflow", "--into .github/workflows/reindex.yml"
    elif "reindex" not in found and scheduled and any(_purpose(job) == "reindex" for job in after["jobs"].values()):
        problem, remedy = "is the workflow that re-indexes", "--into .github/workflows/FILE.yml"
    else:
        return
    raise ConflictError(
        f"{problem}, and a job on a schedule needs one of its own: all jobs of a workflow run by it",
        where=where,
        remedy=f"write to a new file: {remedy}; nothing was written",
    )


_PURPOSES = {PUBLISH: "publish", REINDEX: "reindex", UPLOAD: "upload", PROMOTE: "promote"}


def _purpose(job: Any) -> str | None:
    """What a job is for: `publish`, `reindex` or `promote` with chaninfra, `upload` with rattler-build, `build` the
    packages for one of these, or `read` with pixi."""
    steps = _steps(job)
    commands = _commands(job)
    if purpose := next((purpose for command, purpose in _PURPOSES.items() if command in commands), None):
        return purpose
    inputs = [step["with"] for step in steps if action(step) == _UPLOAD and isinstance(step.get("with"), dict)]
    if any(each.get("name") == ARTIFACT for each in inputs):
        return "build"
    return "read" if any(action(step) == PIXI for step in steps) else None


def _into_job(
    job: Document, ours: Document, default: Any, permissions: dict[str, str], where: str, key: tuple[str, ...]
) -> None:
    """Add to `job` what it lacks. `default` is the permissions of the whole workflow, which a job may override."""
    permit(job, permissions, default, where, key)
    for name in ("if", "environment"):
        if name in ours:
            job.setdefault(name, ours[name])
    if "env" in ours:
        job["env"] = {**mapping(job.get("env"), where, *key, "env"), **ours["env"]}
    steps = job["steps"]
    # What writes to the channel has pixi for its programs only, and logs in after it.
    reads = _purpose(ours) in ("build", "read")
    pixi = next((step for step in ours["steps"] if reads and action(step) == PIXI), None)
    login = next((step for step in ours["steps"] if action(step) == LOGIN), None)
    place = with_pixi(steps, pixi) if pixi else _place_of_publishing(steps)
    needing = steps[place] if pixi else {}
    login_id = log_in(steps, login, place, pixi is not None, where, key) if login else ""
    if pixi and "with" in pixi:
        set_up_pixi(needing, pixi["with"], login_id, where, key)
    for step in ours["steps"]:
        for command in COMMANDS:
            if command in step.get("run", ""):
                for other in [each for each in _steps(job) if command in str(each.get("run", ""))]:
                    _command(other, step, command, where, (*key, "steps", "env"))
                    if _INSTALLED in str(other["run"]):
                        _prepare(_INSTALL, steps, other, ours["steps"])
                    _prepare(_TOKEN, steps, other, ours["steps"])


def _prepare(what: str, steps: list[Any], before: Document, ours: Sequence[Document]) -> None:
    """Add our step whose command has `what` in it before one that uses what it makes, if the file has none."""
    preparing = [step for step in ours if what in step.get("run", "")]
    if preparing and not any(isinstance(step, dict) and what in str(step.get("run", "")) for step in steps):
        steps.insert(next(place for place, step in enumerate(steps) if step is before), preparing[0])


def _place_of_publishing(steps: list[Any]) -> int:
    """The index of the first step that writes to the channel, before which the login belongs."""
    runs = [str(step.get("run", "")) if isinstance(step, dict) else "" for step in steps]
    return next((at for at, run in enumerate(runs) if any(command in run for command in (*_PURPOSES, COPY))), 0)


def _command(step: Document, ours: Document, command: str, where: str, key: tuple[str, ...]) -> None:
    """Replace the command if it is for another channel; else keep it, with the changes that people made."""
    words = ours["run"].partition(command)[2].split()
    # The channel is the first word of reindex and gc.
    option = next((word for word in ("--channel", "--to") if word in words), None)
    url = words[words.index(option) + 1] if option else words[0]
    if url not in str(step["run"]).split():
        step["run"] = ours["run"]
    if "env" in ours:
        theirs = mapping(step.get("env"), where, *key)
        keys = [name for name in _KEYS if name in theirs and ROLE_VARIABLE in ours["env"]]
        if keys:
            raise ConflictError(
                f"has {' and '.join(keys)}, which would be taken before the role",
                where=f"{where}, key {'.'.join(key)}",
                remedy="remove these lines, then run the same command again; nothing was written",
            )
        step["env"] = {**theirs, **ours["env"]}
