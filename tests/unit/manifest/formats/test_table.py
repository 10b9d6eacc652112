"""What `manifest` prints: what reads it accepts it, and it says what pixi's page says."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest import FORMATS, NAMES, ManifestRequest, channel_access, render
from support.cases.manifests import ALL, MANIFESTS, POSSIBLE, REFUSED, Case, access, descriptor


@pytest.mark.parametrize("case", POSSIBLE, ids=str)
def test_it_is_what_it_was(case: Case) -> None:
    assert case.text() == case.golden.read_text("utf-8"), "python -m support.cases.manifests writes them"


def test_there_is_no_golden_file_but_for_a_legal_case() -> None:
    assert {path for path in MANIFESTS.rglob("*") if path.is_file()} == {case.golden for case in POSSIBLE}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_not_legal_says_why_and_what_to_do(case: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        case.text()
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_the_table_has_every_cell_and_every_way_prints_something() -> None:
    assert len(POSSIBLE) + len(REFUSED) == len(ALL)
    assert {case.method for case in POSSIBLE} == {"aws", "pixi", "public", "gcs"}
    assert {case.name for case in POSSIBLE} == set(NAMES) == set(FORMATS)


def test_public_access_to_a_private_channel_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="private") as caught:
        channel_access(descriptor("minio"), "public")
    assert caught.value.exit_code == 2


def test_googles_urls_are_for_google() -> None:
    with pytest.raises(ConfigurationError, match="Google"):
        channel_access(descriptor("minio"), "gcs")


@pytest.mark.parametrize("name", ["github-publish", "gitlab-publish", "rattler-build"])
def test_one_publishes_to_one_channel(name: Any) -> None:
    both = tuple(channel_access(descriptor("minio", prefix=each), None) for each in ("a", "b"))
    with pytest.raises(ConfigurationError, match="2 channels") as caught:
        render(name, ManifestRequest(channels=both))
    assert "stack:NAME#a" in str(caught.value)


def test_a_job_logs_in_to_one_bucket() -> None:
    both = tuple(channel_access(descriptor("minio", bucket=each), None) for each in ("one-bucket", "other-bucket"))
    with pytest.raises(ConfigurationError, match="one-bucket, other-bucket"):
        render("github", ManifestRequest(channels=both))


def test_no_secret_is_printed() -> None:
    for case in POSSIBLE:
        assert case.name == "auth-file" or "the-secret" not in case.text()
    with pytest.raises(ConfigurationError, match="never printed"):
        render("auth-file", ManifestRequest(channels=(access("minio"),)))
