"""Eight publishers at once on every store: nobody loses a package; or, where the store has no atomic conditions, they
are refused, and one after the other loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from botocore.exceptions import ClientError

from support.channels.channel_at import Place
from support.channels.channels import listed
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.stores.model import Running

PUBLISHERS, PACKAGES = 8, 3
SUBDIRS = ("noarch", "linux-64")
PREFIX = "team/c"


@dataclass(frozen=True)
class Crowd:
    """A channel without packages, and what each publisher has: packages of names that all of them publish, in a version
    of its own, and one that is the same for all.
    """

    place: Place
    files: Sequence[Sequence[Path]]

    @property
    def expected(self) -> set[str]:
        """All packages, as the index names them."""
        return {f"{path.parent.name}/{path.name}" for files in self.files for path in files}

    def publish(self, number: int) -> CompletedProcess[str]:
        """Publisher `number`."""
        return self.place.run("publish", *self.files[number])

    def check(self) -> None:
        """Every package is there once, in each form of the index and for the doctor, and nothing is left to do."""
        found = forms(self.place.server, self.place.bucket, PREFIX, SUBDIRS)
        assert set(found["json"]) == self.expected
        assert found["json"] == found["zst"] == found["shards"]
        objects = listed(self.place.server, self.place.bucket, PREFIX)
        for label, record in found["json"].items():
            assert objects[f"{PREFIX}/{label}"]["Size"] == record["size"]
        examined = self.place.run("doctor", "--check", "index", "--check", "packages")
        assert examined.returncode == 0, examined.stdout + examined.stderr
        assert self.place.run("reindex", "--check").returncode == 0


def crowd(running: Running, folder: Path, *, versions: bool) -> Crowd:
    """A channel that `init` makes, in a new bucket, which keeps old versions or does not."""
    bucket = running.new_bucket()
    if versions:
        _keep_versions(running, bucket)
    place = Place(running.server, bucket, f"s3://{bucket}/{PREFIX}")
    place.done("init", "--provider", running.store.provider, "--subdir", "linux-64")
    return Crowd(place, [_packages(folder / str(number), number) for number in range(PUBLISHERS)])


def _keep_versions(running: Running, bucket: str) -> None:
    row = running.store.row.capabilities["versioning"]
    enabled = {"Status": "Enabled"}
    try:
        running.server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    except ClientError:
        # It fails where the row says otherwise.
        assert row.value != "yes", row
        pytest.skip("the store keeps no old versions, as its row says")


def _packages(folder: Path, number: int) -> list[Path]:
    places = [folder / SUBDIRS[each % len(SUBDIRS)] for each in range(PACKAGES)]
    made = []
    for each, place in enumerate(places):
        place.mkdir(parents=True, exist_ok=True)
        made.append(make_package(place, f"shared-{each}", f"1.{number}", subdir=place.name))
    return [*made, make_package(folder / "noarch", "common", "1.0")]


@pytest.mark.parametrize("versions", [False, True], ids=["plain", "versioned"])
def test_nobody_loses_a_package(running: Running, tmp_path: Path, versions: bool) -> None:
    made = crowd(running, tmp_path, versions=versions)
    atomic = running.store.conditional and (not versions or running.store.row.can("conditional-versioned"))
    if atomic:
        with ThreadPoolExecutor(PUBLISHERS) as pool:
            done = [*pool.map(made.publish, range(PUBLISHERS))]
        for each in done:
            assert each.returncode == 0, each.stderr
    else:
        _are_refused(made)
        made.place.done("init", "--provider", running.store.provider, "--subdir", "linux-64", "--writers", "single")
        for number in range(PUBLISHERS):
            each = made.publish(number)
            assert each.returncode == 0, each.stderr
    made.check()


def _are_refused(made: Crowd) -> None:
    before = listed(made.place.server, made.place.bucket)
    refused = made.publish(0)
    assert refused.returncode == 2, refused
    assert "the store has no conditional writes, so two writers could overwrite each other" in refused.stderr
    assert "--writers single" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert listed(made.place.server, made.place.bucket) == before
