"""GitLab jobs."""

from __future__ import annotations

from pathlib import Path

from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import MANIFESTS, Case


def test_the_schema_of_gitlab_accepts_all_jobs(tmp_path: Path) -> None:
    files = sorted(MANIFESTS.glob("gitlab*/*.yaml"))
    assert len(files) == 90
    check_ci_schema("gitlab-ci", files, broken=("script:", "sript:"), folder=tmp_path)


def test_a_given_role_is_in_the_job() -> None:
    role = "arn:aws:iam::123456789012:role/publish"
    text = Case("gitlab-publish", "aws", "aws").text(role_arn=role)
    assert role in text
    assert "the role of a publisher" not in text
