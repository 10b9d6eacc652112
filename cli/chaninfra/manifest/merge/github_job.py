"""What a job of a GitHub workflow needs to read a channel, or to publish to it: permissions, a login, and pixi.

A login of the job stays as it is, since other steps may need it: its region, its role, its key.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.errors import ConflictError
from chaninfra.manifest.merge.syntax import mapping
from chaninfra.manifest.rendered import Document

LOGIN = "aws-actions/configure-aws-credentials"
PIXI = "prefix-dev/setup-pixi"

_TOKEN = {"id-token": "write"}
# What `read-all` stands for ("Workflow syntax for GitHub Actions", `permissions`). Nothing can be added to the word; a
# permission that a mapping lacks is none.
_READ_ALL = (
    *("actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions", "issues"),
    *("models", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses"),
)


def action(step: Any) -> str:
    """The action that a step uses, without its version; "" if it uses none."""
    return str(step.get("uses", "")).partition("@")[0] if isinstance(step, dict) else ""


def permit(job: Document, ours: dict[str, str], default: Any, where: str, key: tuple[str, ...]) -> None:
    """Let a job request ID tokens if ours must, and leave its other permissions as they are.

    `default` is the permissions of the whole workflow, None without any; a job with permissions of its own has no
    default ones. Only the job gets the permission, so that no other job can request a token.
    """
    if "id-token" not in ours or ("permissions" not in job and default == "write-all"):
        return
    theirs = job.get("permissions", default)
    if theirs == "write-all" or (isinstance(theirs, dict) and theirs.items() >= _TOKEN.items()):
        return
    if "permissions" not in job and default is None:
        job["permissions"] = ours
    elif theirs == "read-all":
        job["permissions"] = {**_TOKEN, **dict.fromkeys(_READ_ALL, "read")}
    else:
        place = (*key, "permissions") if "permissions" in job else ("permissions",)
        job["permissions"] = {**mapping(theirs, where, *place), **_TOKEN}


def with_pixi(steps: list[Any], ours: Document) -> int:
    """The index of the step that sets up pixi; ours is added before the first command if there is none."""
    place = next((place for place, step in enumerate(steps) if action(step) == PIXI), None)
    if place is None:
        place = next((at for at, step in enumerate(steps) if isinstance(step, dict) and "run" in step), len(steps))
        steps.insert(place, dict(ours))
    return place


def set_up_pixi(step: Document, ours: Document, login_id: str, where: str, key: tuple[str, ...]) -> None:
    """Set our inputs on the step that sets up pixi. `login_id` is the id of the step that logs in to AWS.

    Raises ConflictError if it logs in to another host: the action can log in to one host only.
    """
    inputs = step["with"] = mapping(step.get("with"), where, *key, "steps", "with")
    host = inputs.get("auth-host")
    if "auth-host" in ours and host not in (None, ours["auth-host"]):
        raise ConflictError(
            f"setup-pixi logs in to {host}, and it can log in to one host only",
            where=where,
            remedy="write another workflow, or log in to the second host with: chaninfra manifest --format login",
        )
    for name, value in ours.items():
        if name == "post-cleanup":
            inputs.setdefault(name, value)
        elif name != "run-install":
            inputs[name] = value.replace("steps.aws.", f"steps.{login_id}.") if isinstance(value, str) else value


def log_in(steps: list[Any], ours: Document, place: int, by_pixi: bool, where: str, key: tuple[str, ...]) -> str:
    """Let a job log in to AWS before the step at `place`, which needs it. The id of the step that does it.

    `by_pixi`: that step is setup-pixi, as a reader. A login of the file serves if it was ours, or if it is by a role
    and in our region; to publish, any login does. Where pixi takes the login from the outputs of the step, ours is
    added to theirs, and leaves the variables of theirs alone.

    Raises ConflictError if both would have to set the same variables.
    """
    theirs = [at for at, step in enumerate(steps) if action(step) == LOGIN]
    before = [at for at in theirs if at < place]
    by_outputs = "output-credentials" in ours["with"]
    was_ours = [at for at in before if _was_ours(steps[at], ours)]
    serving = was_ours or [at for at in before if not by_pixi or _serves(steps[at], ours, where, key)]
    # Without outputs pixi reads the variables, which the last login sets.
    if serving and (by_outputs or serving[-1] == before[-1]):
        step: Document = steps[serving[-1]]
        _update(step, ours, where, key, all_inputs=bool(was_ours))
        return str(step.get("id", ours["id"]))
    if before and not by_outputs:
        raise ConflictError(
            f"{_told(steps[before[-1]], where, key)} before setup-pixi, and pixi would read the channel by that login",
            where=f"{where}, key {'.'.join(key)}",
            remedy="move that step behind setup-pixi, or write another workflow; nothing was written",
        )
    step = {**ours, "id": _free_id(ours["id"], steps)}
    if theirs and by_outputs:
        step["with"] = {**ours["with"], "output-env-credentials": False}
    steps.insert(place, step)
    return str(step["id"])


def _was_ours(step: Document, ours: Document) -> bool:
    """Whether a login is one that was added for a channel, perhaps with another role or region."""
    inputs = step.get("with")
    role = inputs.get("role-to-assume") if isinstance(inputs, dict) else None
    if role is None:
        return False
    same_name = (step.get("name"), step.get("id")) == (ours["name"], ours["id"])
    return same_name or ("vars." in str(role) and role == ours["with"]["role-to-assume"])


def _serves(step: Document, ours: Document, where: str, key: tuple[str, ...]) -> bool:
    inputs = mapping(step.get("with"), where, *key, "steps", "with")
    return (
        "role-to-assume" in inputs
        and "aws-access-key-id" not in inputs
        and inputs.get("aws-region") == ours["with"]["aws-region"]
    )


def _update(step: Document, ours: Document, where: str, key: tuple[str, ...], *, all_inputs: bool) -> None:
    """Give a login of the file the outputs that pixi takes; and, if it was ours, the region and the audience."""
    if "output-credentials" in ours["with"]:
        step.setdefault("id", ours["id"])
        step["with"]["output-credentials"] = True
    if not all_inputs:
        return
    role = ours["with"]["role-to-assume"]
    inputs = mapping(step.get("with"), where, *key, "steps", "with") | ours["with"]
    # The role is a variable of the repository unless it was given, and people may write it here instead.
    if "vars." in role:
        inputs["role-to-assume"] = step["with"].get("role-to-assume", role)
    step["with"] = inputs


def _told(step: Document, where: str, key: tuple[str, ...]) -> str:
    """What a login of the file does that pixi cannot read the channel with."""
    inputs = mapping(step.get("with"), where, *key, "steps", "with")
    if "role-to-assume" not in inputs or "aws-access-key-id" in inputs:
        return "the job logs in to AWS by an access key"
    return f"the job logs in to AWS in the region {inputs.get('aws-region')}"


def _free_id(name: str, steps: list[Any]) -> str:
    taken = {step.get("id") for step in steps if isinstance(step, dict)}
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 2**16))) if each not in taken)
