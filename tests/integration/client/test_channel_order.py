"""A package of the channel is not replaced by one of the same name on conda-forge.

The solver is py-rattler's, which pixi uses too. The order of the channels is that of a model of pixi
(`support.cases.pixi_model`), since pixi itself is not run. Two folders stand in for the channel and for conda-forge.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from support.cases.manifests import access
from support.cases.merging import OURS, into
from support.cases.pixi_model import Solved, solved
from support.channels import conda_client
from support.channels.packages import make_package

GPU = '\n[feature.gpu]\nchannels = ["nvidia", "conda-forge"]\n[environments]\n'
MANIFESTS = {
    "priority": '[workspace]\nchannels = [{channel = "conda-forge", priority = 1}]\n',
    "feature": f'[workspace]\nchannels = ["{OURS}", "conda-forge"]\n{GPU}gpu = ["gpu"]\n',
    "solve group": f'[workspace]\nchannels = ["{OURS}"]\n{GPU}gpu = {{ features = ["gpu"], solve-group = "one", '
    'no-default-feature = true }\ndefault = { solve-group = "one" }\n',
    "lower in an environment": f'[workspace]\nchannels = ["{OURS}"]\n[environments.a]\n'
    f'channels = ["conda-forge", {{channel = "{OURS}", priority = -1}}]\nno-default-feature = true\n',
}


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The URLs of the folders that stand in for the channels. `private` 1.0 is ours; 2.0 has been put on the others."""
    folder = tmp_path_factory.mktemp("channels")
    for name, version in (("ours", "1.0"), ("public", "2.0")):
        (folder / name / "noarch").mkdir(parents=True)
        make_package(folder / name / "noarch", "private", version)
    conda_client.index_folders(folder, ["ours", "public"])
    public = (folder / "public").as_uri()
    return {OURS: (folder / "ours").as_uri(), "conda-forge": public, "nvidia": public}


def taken(solves: list[Solved], channels: dict[str, str], folder: Path) -> set[str]:
    """The versions of `private` that the solver takes in the environments."""
    wanted = [(list(dict.fromkeys(channels[name] for name in each.channels)), *each.modes) for each in solves]
    found = conda_client.solve([(urls, mode) for urls, mode in wanted], "private", folder)
    assert all(len(records) == 1 for records in found)
    return {record.split()[1] for records in found for record in records}


@pytest.mark.parametrize("text", MANIFESTS.values(), ids=MANIFESTS)
def test_the_solver_takes_our_package_after_a_merge(text: str, channels: dict[str, str], tmp_path: Path) -> None:
    assert "2.0" in taken(solved(tomllib.loads(text)), channels, tmp_path / "before")
    after = [each for each in solved(tomllib.loads(into(text, access("minio")))) if OURS in each.channels]
    assert taken(after, channels, tmp_path / "after") == {"1.0"}


def test_a_priority_that_is_not_strict_takes_the_public_package(channels: dict[str, str], tmp_path: Path) -> None:
    # This is why a merge refuses it.
    order = [channels[OURS], channels["conda-forge"]]
    found = conda_client.solve([(order, "disabled"), (order, "strict")], "private", tmp_path)
    assert [records[0].split()[1] for records in found] == ["2.0", "1.0"]
    asked = conda_client.solve([(order, "flexible")], "private >=2", tmp_path)
    assert [records[0].split()[1] for records in asked] == ["2.0"]
