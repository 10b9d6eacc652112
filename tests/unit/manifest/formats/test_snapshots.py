"""The settings of a snapshot: for those who read, and for none who publish."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import FORMATS, render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifest_command import MINIO, URL, manifest, refused
from support.cases.manifests import descriptor

SNAPSHOT = f"{URL}/snapshots/v1"
LISTING: tuple[Format, ...] = ("pixi", "pyproject", "config", "condarc")
OTHERS: tuple[Format, ...] = ("aws-config", "login", "github", "gitlab")
"""About the bucket, or with the channels of a workspace."""


@pytest.mark.parametrize("name", LISTING)
def test_it_stands_in_place_of_the_channel(name: Format) -> None:
    text = manifest(URL, *MINIO, "--format", name, "--auth", "aws", "--snapshot", "v1").stdout
    assert SNAPSHOT in text
    assert URL not in text.replace(SNAPSHOT, "")


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_about_the_bucket_stays(name: Format) -> None:
    auth = ("--auth", "pixi" if name == "login" else "aws")
    living = manifest(URL, *MINIO, "--format", name, *auth).stdout
    assert manifest(URL, *MINIO, "--format", name, *auth, "--snapshot", "v1").stdout == living


def test_formats_for_publishers_refuse_it() -> None:
    publishing = {name for name, row in FORMATS.items() if row.publishes}
    assert publishing == FORMATS.keys() - {*LISTING, *OTHERS, "auth-file"}
    for name in sorted(publishing):
        error = refused(URL, *MINIO, "--format", name, "--auth", "aws", "--snapshot", "v1")
        assert "nothing is published to a snapshot" in error.message, name


@pytest.mark.parametrize("name", ["", "../x", "noarch", "v1.0", "v 1", "x" * 65])
def test_a_name_that_no_snapshot_has(name: str) -> None:
    error = refused(URL, *MINIO, "--snapshot", name)
    assert isinstance(error, ConfigurationError)
    assert error.where == "--snapshot"
    assert "is not the name of a snapshot" in error.message


def test_it_replaces_the_channel_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pixi.toml"
    file.write_text(f'[workspace]\nname = "x"\nchannels = ["{URL}", "bioconda"]\nplatforms = ["linux-64"]\n')
    manifest(URL, *MINIO, "--auth", "pixi", "--into", file, "--snapshot", "v1")
    assert f'channels = ["{SNAPSHOT}", "bioconda"]' in file.read_text()


def test_conda_reads_it_without_shards_and_one_of_shards_alone_not_at_all() -> None:
    text = manifest(URL, *MINIO, "--format", "condarc", "--auth", "aws", "--snapshot", "v1").stdout
    assert "repodata_use_shards: false" in text
    assert "repodata_use_shards" not in manifest(URL, *MINIO, "--format", "condarc", "--auth", "aws").stdout
    found = descriptor("minio", index={"monolith": "never"})
    request = ManifestRequest(channels=(client_channel(found, "aws", snapshot="v1"),))
    with pytest.raises(ConfigurationError, match="conda does not install from a snapshot that has shards alone"):
        render("condarc", request)
