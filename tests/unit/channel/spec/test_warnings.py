"""Warnings about principals that are trusted by a name."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.warnings import warnings

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}
BY_NAME = {"github": {"repository": "acme/packages", "branch": "main"}}
BY_ID = {"github": {**BY_NAME["github"], "owner-id": "12", "repository-id": "34"}}


def warned(**keys: Any) -> list[ConfigurationError]:
    return list(warnings(build_spec({**AWS, **keys}, where="Pulumi.test.yaml"), where="Pulumi.test.yaml"))


@pytest.mark.parametrize("role", ["publishers", "readers", "maintainers"])
def test_a_repository_without_ids_is_trusted_by_its_name(role: str) -> None:
    (found,) = warned(**{role: {"ci": BY_NAME}})
    assert (found.where, found.key) == ("Pulumi.test.yaml", (role, "ci", "github"))
    assert "gh api repos/acme/packages --jq '.id,.owner.id'" in (found.remedy or "")


def test_ids_and_other_kinds_are_not_warned_about() -> None:
    gitlab = {"gitlab": {"project": "acme/packages", "branch": "main"}}
    assert warned(publishers={"ci": BY_ID, "lab": gitlab}, readers={"all": {"arn": "123456789012"}}) == []


def test_ids_that_are_written_as_numbers_are_ids() -> None:
    assert warned(publishers={"ci": {"github": {**BY_NAME["github"], "owner-id": 12, "repository-id": 34}}}) == []
