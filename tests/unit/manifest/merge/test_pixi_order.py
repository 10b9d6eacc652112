"""After a merge no channel that strangers may publish to is read before ours, in any environment of pixi.

pixi's order is that of a model (`support.cases.pixi_model`).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from chaninfra.channel.errors import ChaninfraError, ExitCode
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.merge.syntax import MergeError
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifest_command import MINIO, URL, manifest, refused
from support.cases.manifests import access, descriptor
from support.cases.merging import OURS, into
from support.cases.pixi_manifests import HIGHEST, texts
from support.cases.pixi_model import solved
from support.example_counts import EXAMPLES

# Nobody but their owner publishes to these.
PRIVATE = (OURS, "s3://another/main", "./local")


def is_first(values: dict[str, Any]) -> bool:
    """Whether ours is read before every public channel wherever it is used, and the first channel counts."""
    for each in solved(values):
        names = [name.rstrip("/") for name in each.channels]
        if OURS in names and (set(names[: names.index(OURS)]) - set(PRIVATE) or each.modes != {"strict"}):
            return False
    return True


def without_ours(value: Any) -> Any:
    """The values of a manifest without what a merge changes."""
    if isinstance(value, dict):
        return {key: without_ours(item) for key, item in value.items() if key not in ("s3-options", "requires-pixi")}
    if isinstance(value, list):
        return [
            item for item in value if str(item.get("channel") if isinstance(item, dict) else item).rstrip("/") != OURS
        ]
    return value


def merged_unless_impossible(text: str) -> str | None:
    """The text after a merge; None if no place and no priority could put it right."""
    try:
        return into(text, access("minio"))
    except MergeError as error:
        refusal = error
    assert refusal.key[-1] == "channel-priority" or str(HIGHEST) in text
    assert "nothing was written" in str(refusal)
    return None


@EXAMPLES
@given(texts())
def test_ours_comes_first_in_every_environment_or_the_merge_is_refused(text: str) -> None:
    before = tomllib.loads(text)
    name = "workspace" if "workspace" in before else "project"
    found = merged_unless_impossible(text)
    if found is None:
        return
    after = tomllib.loads(found)
    assert is_first(after)
    assert OURS in {name.rstrip("/") for name in solved({name: after[name]})[0].channels}
    before[name].setdefault("channels", [])
    if not before[name]["channels"]:
        # Then it is ours and conda-forge.
        after[name]["channels"] = []
    assert without_ours(before) == without_ours(after)


@EXAMPLES
@given(texts())
def test_a_manifest_that_is_right_does_not_change(text: str) -> None:
    before = tomllib.loads(text)
    (workspace,) = (before[name] for name in ("workspace", "project") if name in before)
    lists = [workspace.get("channels", [])]
    lists += [table.get("channels", []) for table in before["feature"].values()]
    lists += [table.get("channels", []) for table in before.get("environments", {}).values() if isinstance(table, dict)]
    names = [
        [(item.get("channel") if isinstance(item, dict) else item).rstrip("/") for item in items] for items in lists
    ]
    if OURS not in names[0] or any(each.count(OURS) > 1 for each in names) or not is_first_in_all(before, lists):
        return
    after = tomllib.loads(into(text, access("minio")))
    del next(table for key, table in after.items() if key in ("workspace", "project"))["s3-options"]
    assert after == before


def is_first_in_all(values: dict[str, Any], lists: list[list[Any]]) -> bool:
    """Whether ours is first also in each list alone."""
    return is_first(values) and all(is_first({"workspace": {"channels": items}}) for items in lists)


GPU = '\n[feature.gpu]\nchannels = ["nvidia", "conda-forge"]\n[environments]\n'
WRONG = {
    "priority": '[workspace]\nchannels = [{channel = "conda-forge", priority = 1}]\n',
    "negative priority of ours": f'[workspace]\nchannels = [{{channel = "{OURS}", priority = -1}}, "conda-forge"]\n',
    "lower": f'[workspace]\nchannels = ["conda-forge", "{OURS}"]\n',
    "lower, other name": f'[workspace]\nchannels = ["https://mirror.example.com/conda-forge", "{OURS}"]\n',
    "bioconda": f'[workspace]\nchannels = ["bioconda", "{OURS}", "conda-forge"]\n',
    "mirror in a bucket": f'[workspace]\nchannels = ["s3://mirror/conda-forge", "{OURS}"]\n',
    "mirror of defaults": f'[workspace]\nchannels = ["s3://mirror/pkgs/main", "{OURS}"]\n',
    "mirror, other name": f'[workspace]\nchannels = ["s3://mirror/conda-forge-mirror", "{OURS}"]\n',
    "mirror, encoded": f'[workspace]\nchannels = ["s3://mirror/conda%2Dforge?x", "{OURS}"]\n',
    "folder of another machine": f'[workspace]\nchannels = ["file://evil.example.com/x", "{OURS}"]\n',
    "mirror on Windows": f"[workspace]\nchannels = ['C:\\mirrors\\conda-forge', '{OURS}']\n",
    "twice": f'[workspace]\nchannels = ["conda-forge", "{OURS}", "{OURS}/"]\n',
    "an array of tables": '[workspace]\n[[workspace.channels]]\nchannel = "conda-forge"\npriority = 1\n',
    "none listed": '[workspace]\nname = "x"\n',
    "feature": f'[workspace]\nchannels = ["{OURS}", "conda-forge"]\n{GPU}gpu = ["gpu"]\n',
    "feature, table": f'[project]\nchannels = ["{OURS}"]\n{GPU}gpu = {{ features = ["gpu"] }}\n',
    "feature of the default environment": f'[workspace]\nchannels = ["{OURS}"]\n{GPU}default = ["gpu"]\n',
    "solve group": f'[workspace]\nchannels = ["{OURS}"]\n{GPU}a = {{ features = ["gpu"], solve-group = "g", '
    'no-default-feature = true }\nb = { solve-group = "g" }\n',
    "inline": f'[workspace]\nchannels = ["{OURS}"]\n[environments.a]\nchannels = ["conda-forge"]\n',
    "feature that lists ours": f'[workspace]\nchannels = ["{OURS}"]\n[feature.a]\nchannels = ["nvidia", "{OURS}"]\n'
    "[environments]\na = { features = ['a'], no-default-feature = true }\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_order_is_put_right_and_a_check_finds_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pixi.toml"
    options = into('[workspace]\nchannels = ["conda-forge"]\n', access("minio")).partition("[workspace.s3-options")[2]
    table = "project" if text.startswith("[project]") else "workspace"
    file.write_text(f"{text}\n[{table}.s3-options{options}")
    before = file.read_bytes()
    assert refused(URL, *MINIO, "--into", file, "--check").exit_code == ExitCode.FAILED
    assert file.read_bytes() == before
    manifest(URL, *MINIO, "--into", file)
    assert is_first(tomllib.loads(file.read_text()))
    manifest(URL, *MINIO, "--into", file, "--check")


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_the_order_in_a_pyproject_is_put_right(text: str) -> None:
    for name in ("workspace", "project", "feature", "environments"):
        text = text.replace(f"[{name}", f"[tool.pixi.{name}")
    text = text.replace("]\n[tool.pixi.workspace.channels]\n", "]\n[[tool.pixi.workspace.channels]]\n")
    text = text.replace("[[tool.pixi.workspace.channels]\n", "[[tool.pixi.workspace.channels]]\n")
    text = text.replace("]]]", "]]")
    assert is_first(tomllib.loads(into(text, access("minio"), name="pyproject"))["tool"]["pixi"])


def test_ours_gets_the_lowest_priority_that_suffices() -> None:
    text = '[workspace]\nchannels = [{channel = "conda-forge", priority = 3}, "nvidia"] # all\n'
    found = tomllib.loads(into(text, access("minio")))["workspace"]["channels"]
    assert found == [{"channel": OURS, "priority": 3}, {"channel": "conda-forge", "priority": 3}, "nvidia"]


def test_a_list_gets_a_priority_only_if_it_needs_one() -> None:
    text = (
        f'[workspace]\nchannels = ["{OURS}", "conda-forge"]\n[feature.a]\nchannels = ["{OURS}", '
        '{channel = "nvidia", priority = 1}]\n[environments]\na = { features = ["a"], no-default-feature = true }\n'
    )
    found = tomllib.loads(into(text, access("minio")))
    assert found["workspace"]["channels"] == [OURS, "conda-forge"]
    assert found["feature"]["a"]["channels"][0] == {"channel": OURS, "priority": 1}


@pytest.mark.parametrize("name", ["pixi", "pyproject"])
def test_ours_is_first_in_a_complete_file(name: Format) -> None:
    channels = tuple(client_channel(descriptor("minio", prefix=each), None) for each in ("a", "b"))
    found = tomllib.loads(render(name, ManifestRequest(channels=channels)))
    (order,) = solved(found["tool"]["pixi"] if name == "pyproject" else found)
    assert order.channels == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]


def test_a_list_of_an_environment_without_ours_stays() -> None:
    text = f'[workspace]\nchannels = ["{OURS}"]\n{GPU}gpu = {{ features = ["gpu"], no-default-feature = true }}\n'
    assert into(text, access("minio")).endswith(text.partition("\n")[2].partition("\n")[2])


def test_priorities_in_several_lists_keep_their_comments() -> None:
    text = f'[workspace]\nchannels = [\n  "{OURS}", # ours\n  "conda-forge", # theirs\n]\n{GPU}gpu = ["gpu"]\n'
    found = into(text, access("minio"))
    assert f'  {{channel = "{OURS}", priority = 1}}, # ours\n  "conda-forge", # theirs\n' in found


def test_a_channel_takes_its_comment_along() -> None:
    text = f'[workspace]\nchannels = [\n  # first\n  "conda-forge", # theirs\n  "{OURS}", # ours\n  # last\n]\n'
    found = into(text, access("minio"))
    expected = f'[\n  "{OURS}", # ours\n  # first\n  "conda-forge", # theirs\n  # last\n]\n'
    assert found.startswith(f"[workspace]\nchannels = {expected}")
    text = f'[workspace]\nchannels = ["conda-forge", # theirs\n  "{OURS}"] # ours\n'
    assert f'["{OURS}", "conda-forge" # theirs' in into(text, access("minio"))


def test_an_array_of_tables_with_comments_is_not_written_anew() -> None:
    text = '[workspace]\n[[workspace.channels]]\nchannel = "conda-forge" # theirs\n'
    with pytest.raises(MergeError, match="cannot be added") as caught:
        into(text, access("minio"))
    assert caught.value.exit_code == ExitCode.FAILED


REFUSED = {
    "disabled": (
        f'[workspace]\nchannels = ["{OURS}"]\nchannel-priority = "disabled"\n',
        ("workspace", "channel-priority"),
    ),
    "flexible": (
        f'[project]\nchannels = ["{OURS}"]\nchannel-priority = "flexible"\n',
        ("project", "channel-priority"),
    ),
    "disabled by a feature": (
        '[workspace]\nchannels = []\n[feature.a]\nchannel-priority = "disabled"\n[environments]\na = ["a"]\n',
        ("feature", "a", "channel-priority"),
    ),
    "disabled inline": (
        '[workspace]\nchannels = []\n[environments.a]\nchannel-priority = "disabled"\n',
        ("environments", "a", "channel-priority"),
    ),
    "highest priority": (
        f'[workspace]\nchannels = []\n[feature.a]\nchannels = [{{channel = "x", priority = {HIGHEST}}}]\n'
        '[environments]\na = ["a"]\n',
        ("environments", "a"),
    ),
}


@pytest.mark.parametrize(("text", "key"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_put_right_is_refused(tmp_path: Path, text: str, key: tuple[str, ...]) -> None:
    file = tmp_path / "pixi.toml"
    file.write_text(text)
    for check in ((), ("--check",)):
        error = refused(URL, *MINIO, "--into", file, *check)
        assert isinstance(error, MergeError)
        assert error.exit_code == ExitCode.FAILED
        assert error.key == key
        assert error.where == str(file)
        assert error.remedy is not None
    assert file.read_text() == text


def test_a_mode_of_an_environment_without_ours_is_theirs() -> None:
    text = (
        '[workspace]\nchannels = ["conda-forge"]\n[feature.a]\nchannels = ["x"]\nchannel-priority = "disabled"\n'
        "[environments]\na = { features = ['a'], no-default-feature = true }\n"
    )
    assert is_first(tomllib.loads(into(text, access("minio"))))


@pytest.mark.parametrize(
    "rest",
    [
        "[feature]\na = 1",
        "[feature.a]\nchannels = 'x'",
        "[environments]\na = 1",
        "[environments]\na = [1]",
        "[environments]\na = { features = 'a' }",
        "[environments.a]\nchannels = 1",
        "feature = 1",
        "environments = []",
        "[feature.a]\nchannels = [{channel = 'x', priority = '1'}]",
        "[feature.a]\nchannels = [{channel = 'x', priority = true}]",
    ],
)
def test_values_of_another_type_are_refused(rest: str) -> None:
    top, table = (rest, "") if not rest.startswith("[") else ("", rest)
    with pytest.raises(ChaninfraError, match="is not a"):
        into(f"{top}\n[workspace]\nchannels = []\n{table}\n", access("minio"))


@pytest.mark.parametrize("key", ["default-channels", "default_channels"])
def test_default_channels_of_pixis_own_configuration(key: str) -> None:
    found = tomllib.loads(into(f'{key} = ["nvidia", "conda-forge", "{OURS}"]\n', access("minio"), name="config"))
    assert found[key] == [OURS, "nvidia", "conda-forge"]
    assert found.keys() == {key, "s3-options"}
