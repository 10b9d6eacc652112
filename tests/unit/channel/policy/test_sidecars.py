"""Sidecars of packages (CEP 50) in the policies: who may put them, and that `aws.no-overwrite` lets them grow."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from chaninfra.channel.policy.bucket import bucket_statements
from chaninfra.channel.policy.permissions import statements
from chaninfra.channel.roles import ROLES, Role
from chaninfra.channel.spec.build import build_spec

PACKAGE = "arn:aws:s3:::my-bucket/c/noarch/a-1-0"
SIDECARS = [f"{PACKAGE}{suffix}.sigs{copy}" for suffix in (".conda", ".tar.bz2") for copy in ("", "." + "0" * 64)]


def allowed(role: Role, action: str, arn: str) -> bool:
    """Whether the role's policy allows the action."""
    return any(
        statement["Effect"] == "Allow"
        and action in statement["Action"]
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        for statement in statements(role, bucket="my-bucket", prefix="c", subdirs=("noarch",))
    )


@pytest.mark.parametrize("arn", SIDECARS)
@pytest.mark.parametrize("role", ROLES)
def test_all_roles_read_sidecars_and_those_that_add_packages_put_them(role: Role, arn: str) -> None:
    assert allowed(role, "s3:GetObject", arn)
    assert allowed(role, "s3:PutObject", arn) == (role != "reader")
    assert allowed(role, "s3:DeleteObject", arn) == (role == "maintainer")


def test_no_overwrite_is_about_packages_and_not_about_their_sidecars() -> None:
    config = {"provider": "aws", "region": "us-east-1", "bucket": "my-bucket", "prefix": "c", "name": "c"}
    stack = build_spec({**config, "aws": {"no-overwrite": True}}, where="Pulumi.test.yaml")
    (deny,) = [each for each in bucket_statements(stack) if each["Sid"].endswith("DenyOverwrite")]
    for suffix in (".conda", ".tar.bz2"):
        assert any(fnmatchcase(f"{PACKAGE}{suffix}", pattern) for pattern in deny["Resource"])
    for arn in SIDECARS:
        assert not any(fnmatchcase(arn, pattern) for pattern in deny["Resource"])
