"""A GitHub workflow that brings the index in line on a schedule, for stores without events and teams without a host.

GitHub delays schedules of a full hour, and starts a workflow by a schedule from the default branch only ("Events that
trigger workflows", `schedule`).
"""

from __future__ import annotations

from typing import Any

from chaninfra.manifest.formats import github_steps, reindexing
from chaninfra.manifest.formats.github_steps import Step, literal
from chaninfra.manifest.formats.writers import MAINTAINER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest

_TURNED_OFF = (
    "GitHub turns a schedule off in a public repository that had no activity for 60 days, and says so by mail."
)


def reindexer(request: ManifestRequest) -> Rendered:
    """The workflow: `reindex` each hour, with a snapshot if one is due, and `gc` once a week.

    Raises ConfigurationError for a channel whose only writer is its follower.
    """
    access = request.only_channel()
    reindexing.check_writers(access)
    login = github_steps.login_of(MAINTAINER, access, request)
    hourly, weekly = reindexing.hourly(access), reindexing.weekly(access)
    env: Step = {"env": login.env} if login.env else {}
    reindex: Step = {"name": "Re-index", "id": "reindex", **env}
    anyway = "success() || steps.reindex.outcome == 'failure'"
    due = reindexing.snapshots(access)
    snapshot: Step = {"name": "Make the snapshot that is due", "id": "snapshot", "if": anyway, **env}
    if due:
        anyway += " || steps.snapshot.outcome == 'failure'"
    gc: Step = {
        "name": "Collect garbage",
        "if": f"({anyway}) && (github.event.schedule == '{weekly}' || github.event_name == 'workflow_dispatch')",
        **env,
    }
    job: dict[str, Any] = {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": reindexing.MINUTES,
        **login.job,
        "steps": [
            github_steps.install(),
            *login.steps,
            {**reindex, "run": literal(reindexing.command("reindex", access))},
            *([{**snapshot, "run": literal(due)}] if due else []),
            {**gc, "run": literal(reindexing.command("gc", access))},
        ],
    }
    descriptor = access.descriptor
    workflow = {
        "name": "reindex",
        "on": {"schedule": [{"cron": hourly}, {"cron": weekly}], "workflow_dispatch": None},
        "permissions": {},
        # One run of each schedule at a time, and none is cancelled while it writes. In one group with the hourly runs,
        # one of these would take the place of the weekly run that waits.
        "concurrency": {
            "group": literal(f"reindex-{descriptor.bucket}-{descriptor.prefix}-") + "${{ github.event.schedule }}",
            "cancel-in-progress": False,
        },
        "jobs": {"reindex": job},
    }
    notes = (*login.notes, *github_steps.source_notes(), _TURNED_OFF, *reindexing.notes(access))
    return Rendered((PRINTED_BY, *notes), workflow)
