"""A GitHub workflow that promotes what a lock file names, once a reviewer of its environment approved.

A job that names an environment waits for its reviewers, and the `sub` of its token names the environment: no other job
gets the promoter's role or secrets ("Deployments and environments"; "OpenID Connect reference").
"""

from __future__ import annotations

from typing import Any

from chaninfra.manifest.formats import github_steps, promoting
from chaninfra.manifest.formats.github_steps import Step, literal
from chaninfra.manifest.formats.writers import PROMOTER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest

_REVIEWERS = (
    f"Environment `{PROMOTER.environment}` of the repository: name its reviewers, and limit it to the branch `main` "
    "(Settings, Environments). GitHub has required reviewers in public repositories, and in private ones with GitHub "
    "Enterprise."
)


def promoter(request: ManifestRequest) -> Rendered:
    """The workflow.

    Raises ConfigurationError for a channel whose only writer is its follower.
    """
    access = request.only_channel()
    promoting.check_writers(access)
    login = github_steps.login_of(PROMOTER, access, request)
    env = dict(login.env)
    if not request.source:
        env[promoting.SOURCE_VARIABLE] = f"${{{{ vars.{promoting.SOURCE_VARIABLE} }}}}"
    if promoting.may_need_key(access, request):
        # A secret that is not set is empty, which is as if there were none.
        env |= {name: f"${{{{ secrets.{name} }}}}" for name in promoting.SOURCE_KEY}
    given: Step = {"env": env} if env else {}
    job: dict[str, Any] = {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": promoting.MINUTES,
        "environment": PROMOTER.environment,
        # The lock file is read from the repository.
        "permissions": {**login.job.get("permissions", {}), "contents": "read"},
        "steps": [
            github_steps.checkout(),
            github_steps.install(),
            *login.steps,
            {"name": "Promote", **given, "run": literal(promoting.command(access, request.source))},
        ],
    }
    descriptor = access.descriptor
    workflow = {
        "name": "promote",
        "on": {"workflow_dispatch": None},
        "permissions": {},
        # One promotion at a time, and none is cancelled while it writes.
        "concurrency": {
            "group": literal(f"promote-{descriptor.bucket}-{descriptor.prefix}"),
            "cancel-in-progress": False,
        },
        "jobs": {"promote": job},
    }
    place = f"Secrets of the environment `{PROMOTER.environment}`"
    source = promoting.source_notes(access, request, "Variable of the repository", place)
    notes = (_REVIEWERS, *login.notes, *source, *github_steps.source_notes(), *promoting.notes(access))
    return Rendered((PRINTED_BY, *notes), workflow)
