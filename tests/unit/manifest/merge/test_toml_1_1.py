"""TOML 1.1, which pixi reads since 0.73: inline tables over several lines, with comments and a comma at the end."""

from __future__ import annotations

import datetime
import difflib

import pytest
import tomli

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.names import Format
from support.cases.manifests import access
from support.cases.merging import OPTIONS, OURS, into, is_kept
from support.paths import DATA

PIXI = (DATA / "cases/b21-toml-1.1/pixi.toml").read_text("utf-8")

LIST = """[workspace]
channels = [
  { # ours
    channel = "conda-forge",
    priority = 1, # not the highest
  },
  "bioconda",
]
"""

OPTIONS_INLINE = """[workspace]
channels = ["conda-forge"]
s3-options = {
  other = { # theirs
    endpoint-url = "https://other",
    region = "x",
    force-path-style = false,
  }, # the only one
}

[tasks]
build = {
  cmd = "make",
}
"""

WORKSPACE_INLINE = """workspace = {
  name = "x", # its name
  channels = [ "conda-forge", ],
}

[dependencies]
python = { version = ">=3.11",
           channel = "conda-forge", }
"""

ENVIRONMENTS = """[workspace]
channels = ["conda-forge"]
[feature.gpu]
channels = ["nvidia"]
[environments]
gpu = {
  features = ["gpu"],
  solve-group = "one", # with the others
}
"""


def added(before: str, after: str) -> list[str]:
    """The lines of `after` that are not in `before`. Raises AssertionError if a line of `before` is missing."""
    assert is_kept(before, after)
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line[2:] for line in lines if line.startswith("+ ")]


def test_a_task_over_several_lines_stays() -> None:
    found = into(PIXI, access("minio"))
    assert is_kept(PIXI.replace('channels = ["conda-forge"]\n', ""), found)
    after = tomli.loads(found)
    assert after["tasks"] == tomli.loads(PIXI)["tasks"]
    assert after["workspace"]["channels"] == [OURS, "conda-forge"]
    assert after["workspace"]["s3-options"] == {"my-bucket": OPTIONS}


def test_a_channel_over_several_lines_stays() -> None:
    found = into(LIST, access("minio", "aws"))
    assert added(LIST, found)[0] == f'  {{channel = "{OURS}", priority = 1}},'
    assert tomli.loads(found)["workspace"]["channels"] == [
        {"channel": OURS, "priority": 1},
        {"channel": "conda-forge", "priority": 1},
        "bioconda",
    ]


def test_options_over_several_lines_get_ours() -> None:
    found = into(OPTIONS_INLINE, access("minio"))
    assert is_kept(OPTIONS_INLINE.replace('channels = ["conda-forge"]\n', ""), found)
    after = tomli.loads(found)["workspace"]["s3-options"]
    assert after == {
        "other": {"endpoint-url": "https://other", "region": "x", "force-path-style": False},
        "my-bucket": OPTIONS,
    }


def test_a_workspace_over_several_lines_gets_ours() -> None:
    found = into(WORKSPACE_INLINE, access("minio"))
    assert is_kept(WORKSPACE_INLINE.replace('  channels = [ "conda-forge", ],\n', ""), found)
    after = tomli.loads(found)["workspace"]
    assert after == {"name": "x", "channels": [OURS, "conda-forge"], "s3-options": {"my-bucket": OPTIONS}}


def test_an_environment_over_several_lines_is_read() -> None:
    text = ENVIRONMENTS.replace('channels = ["conda-forge"]', f'channels = ["{OURS}", "conda-forge"]')
    found = into(text, access("minio", "aws"))
    assert tomli.loads(found)["environments"] == tomli.loads(text)["environments"]
    # The environment's own channels would be read first.
    assert tomli.loads(found)["workspace"]["channels"][0] == {"channel": OURS, "priority": 1}


def test_its_other_values_stay() -> None:
    text = '[workspace]\nchannels = []\n[x]\na = "\\x41\\e"\nb = 07:32\nc = 1979-05-27T07:32Z\n'
    found = into(text, access("minio"))
    assert tomli.loads(found)["x"] == {
        "a": "A\x1b",
        "b": datetime.time(7, 32),
        "c": datetime.datetime(1979, 5, 27, 7, 32, tzinfo=datetime.UTC),
    }
    assert is_kept('[x]\na = "\\x41\\e"\nb = 07:32\nc = 1979-05-27T07:32Z\n', found)


@pytest.mark.parametrize("name", ["pixi", "config"])
def test_a_mistake_is_named_with_its_place(name: Format) -> None:
    with pytest.raises(ConfigurationError, match=r"is not TOML: .*line 3, column 16") as caught:
        into("[workspace]\nchannels = []\nname = {a = 1, = 2}\n", access("minio"), name=name)
    assert caught.value.where == "the file"
