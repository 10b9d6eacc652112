"""What the jobs of a CI file may do: which events reach them, and which secrets, roles and tokens they get.

GitHub's rules are those of its documentation: "Workflow syntax", "Contexts", "OpenID Connect reference" (`sub` names
the environment if the job has one, else `pull_request` or the ref). Of the conditions (`if`) only the one against pull
requests is evaluated: a job counts as reached by every event of its workflow that this one does not exclude.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

BRANCH = "main"
_NOT_FOR_PULL_REQUESTS = "${{ !startsWith(github.event_name, 'pull_request') }}"
# Commands that run what a repository, or a recipe in it, says.
_RUNS_THEIR_CODE = re.compile(r"rattler-build build|pip install -r|\bpulumi\b|pixi run|chaninfra policy")


@dataclass(frozen=True)
class Job:
    """A job of a workflow of GitHub."""

    name: str
    events: Mapping[str, Any]
    permissions: Mapping[str, str]
    values: Mapping[str, Any]
    """The job, and the `env` of its workflow."""

    @property
    def environment(self) -> str | None:
        """The environment whose secrets, variables and branch policy the job has."""
        found = self.values["job"].get("environment")
        return found["name"] if isinstance(found, dict) else found

    @property
    def steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.values["job"]["steps"]
        return steps

    @property
    def commands(self) -> str:
        """What the job runs, without its actions."""
        return "\n".join(step["run"] for step in self.steps if "run" in step)

    @property
    def actions(self) -> list[str]:
        """The actions that it uses, without their versions."""
        return [step["uses"].partition("@")[0] for step in self.steps if "uses" in step]

    @property
    def secrets(self) -> set[str]:
        """The secrets that any step of the job gets."""
        return set(re.findall(r"secrets\.([A-Za-z_0-9]+)", json.dumps(self.values)))

    @property
    def roles(self) -> list[str]:
        """The roles that it logs in by."""
        return [step["with"]["role-to-assume"] for step in self.steps if "role-to-assume" in step.get("with", {})]

    @property
    def gets_tokens(self) -> bool:
        """Whether every step, and what it runs, can request an ID token."""
        return self.permissions.get("id-token") == "write"

    @property
    def runs_their_code(self) -> bool:
        """Whether it runs what the repository says: recipes, requirements, programs, tests."""
        return bool(_RUNS_THEIR_CODE.search(self.commands)) or "pulumi/actions" in self.actions

    def subjects(self) -> set[str]:
        """The last part of `sub` of its ID tokens, for each event that reaches it."""
        if not self.gets_tokens:
            return set()
        if self.environment is not None:
            return {f"environment:{self.environment}"}
        return {
            "pull_request" if event.startswith("pull_request") else f"ref:refs/heads/{BRANCH}" for event in self.events
        }


def jobs(workflow: str) -> dict[str, Job]:
    """The jobs of a workflow of GitHub, by name."""
    document = YAML(typ="safe").load(workflow)
    on = document["on"]
    events = on if isinstance(on, dict) else dict.fromkeys([on] if isinstance(on, str) else on)
    # Without `permissions` a job has what the repository's settings give, which may be everything.
    default = document.get("permissions", {"id-token": "write"})
    env = document.get("env", {})
    return {
        name: Job(name, _reaching(job, events), _listed(job.get("permissions", default)), {"job": job, "env": env})
        for name, job in document["jobs"].items()
    }


def _reaching(job: Mapping[str, Any], events: Mapping[str, Any]) -> Mapping[str, Any]:
    if job.get("if") != _NOT_FOR_PULL_REQUESTS:
        return events
    return {event: told for event, told in events.items() if not event.startswith("pull_request")}


def _listed(permissions: Any) -> Mapping[str, str]:
    if isinstance(permissions, str):
        return {"id-token": "write"} if permissions == "write-all" else {"contents": "read"}
    found: Mapping[str, str] = permissions
    return found
