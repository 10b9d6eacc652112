"""A GitLab job that brings the index in line on a schedule, for stores without events and teams without a host.

Schedules are made on GitLab, not in the file ("Scheduled pipelines"): one each hour, and one a week whose variable asks
for `gc` too.
"""

from __future__ import annotations

from chaninfra.manifest import release
from chaninfra.manifest.formats import gitlab_jobs, reindexing
from chaninfra.manifest.formats.versions import PYTHON_IMAGE
from chaninfra.manifest.formats.writers import MAINTAINER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest

GC_VARIABLE = "CHANINFRA_GC"


def reindexer(request: ManifestRequest) -> Rendered:
    """The job: `reindex` in each pipeline of a schedule, with a snapshot if one is due, and `gc` in those with the
    variable.

    Raises ConfigurationError for a channel whose only writer is its follower.
    """
    access = request.only_channel()
    reindexing.check_writers(access)
    reindex, gc = (reindexing.command(name, access) for name in ("reindex", "gc"))
    due = reindexing.snapshots(access)
    script = [
        *release.install(),
        "code=0",
        f"{reindex} || code=$?",
        *([f"{due} || code=$?"] if due else []),
        f'[ "${{{GC_VARIABLE}-}}" != true ] || {gc} || code=$?',
        "exit $code",
    ]
    job = {
        "image": PYTHON_IMAGE,
        **gitlab_jobs.login_of(MAINTAINER, access, request),
        "script": script,
        "timeout": f"{reindexing.MINUTES} minutes",
        "resource_group": gitlab_jobs.resource_group("reindex", access),
        "rules": [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}],
    }
    schedules = (
        f"Pipeline schedules on the default branch: `{reindexing.hourly(access)}`; and, with the variable "
        f"{GC_VARIABLE}=true, `{reindexing.weekly(access)}`. Other jobs run in their pipelines too, if their rules let "
        "them."
    )
    notes = [*gitlab_jobs.login_notes(MAINTAINER, access, request), *gitlab_jobs.source_notes(), schedules]
    return Rendered((PRINTED_BY, *notes, *reindexing.notes(access)), {"reindex": job})
