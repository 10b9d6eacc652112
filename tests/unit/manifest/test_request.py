"""What a request must have for a format: one channel, or one bucket."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import descriptor


@pytest.mark.parametrize(
    "name",
    [
        "github-publish",
        "github-upload",
        "github-reindex",
        "github-promote",
        "gitlab-publish",
        "gitlab-upload",
        "gitlab-reindex",
        "gitlab-promote",
        "rattler-build",
    ],
)
def test_publishing_is_to_one_channel(name: Format) -> None:
    both = tuple(client_channel(descriptor("minio", prefix=prefix), None) for prefix in ("a", "b"))
    with pytest.raises(ConfigurationError, match="2 channels") as caught:
        render(name, ManifestRequest(channels=both))
    assert "stack:NAME#a" in str(caught.value)


def test_a_ci_job_reads_one_bucket() -> None:
    both = tuple(client_channel(descriptor("minio", bucket=name), None) for name in ("one-bucket", "other-bucket"))
    with pytest.raises(ConfigurationError, match="one-bucket, other-bucket"):
        render("github", ManifestRequest(channels=both))
