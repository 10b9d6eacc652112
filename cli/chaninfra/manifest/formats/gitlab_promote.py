"""A GitLab job that promotes what a lock file names, when somebody starts it, and approves where approvals are set up.

Protected environments and deployment approvals need a job that deploys to the environment (GitLab docs, "Deployment
approvals"), so its `action` is not `access`, unlike that of the other jobs.
"""

from __future__ import annotations

from chaninfra.manifest import release
from chaninfra.manifest.formats import gitlab_jobs, promoting
from chaninfra.manifest.formats.versions import PYTHON_IMAGE
from chaninfra.manifest.formats.writers import PROMOTER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest

_APPROVERS = (
    f"Protect the environment `{PROMOTER.environment}` and name who approves (Settings, CI/CD, Protected environments; "
    "GitLab Premium). Without that, protect the default branch: who may merge to it may start the job."
)
# The `sub` of a token names the branch, and not the environment.
_OWN_PROJECT = (
    "The role trusts every job on its branch, also one that was not approved: keep this job in a project of its own, "
    "which only those may change who may promote."
)


def promoter(request: ManifestRequest) -> Rendered:
    """The job.

    Raises ConfigurationError for a channel whose only writer is its follower.
    """
    access = request.only_channel()
    promoting.check_writers(access)
    login = gitlab_jobs.login_of(PROMOTER, access, request)
    # The lock file is read from the repository, as it is there and without what earlier jobs left.
    login["variables"]["GIT_STRATEGY"] = "clone"
    job = {
        "image": PYTHON_IMAGE,
        **login,
        "environment": {"name": PROMOTER.environment},
        "script": [*release.install(), promoting.command(access, request.source)],
        "timeout": f"{promoting.MINUTES} minutes",
        "resource_group": gitlab_jobs.resource_group("promote", access),
        "rules": [
            {
                "if": '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"',
                "when": "manual",
                # A pipeline is done without it.
                "allow_failure": True,
            }
        ],
    }
    own = [_OWN_PROJECT] if "id_tokens" in login else []
    place = f"CI/CD variables with the environment scope `{PROMOTER.environment}`, masked and protected"
    source = promoting.source_notes(access, request, "CI/CD variable of the project", place)
    notes = [_APPROVERS, *own, *gitlab_jobs.login_notes(PROMOTER, access, request), *source]
    return Rendered((PRINTED_BY, *notes, *gitlab_jobs.source_notes(), *promoting.notes(access)), {"promote": job})
