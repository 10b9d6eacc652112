"""Settings merged into files that people wrote: nothing of theirs changes, and the second merge is empty."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, ConflictError
from chaninfra.manifest import Client, Format, Settings, client, render, toml, toml_merge, workflow, yaml_merge
from manifests import descriptor, read

OURS = "s3://my-bucket/my-channel"
OPTIONS = {"endpoint-url": "https://minio.example.com", "region": "us-east-1", "force-path-style": True}


# The same cases at every run; a machine may be busy. `tests/long` asks for more of them.
CAREFUL = settings(deadline=None, derandomize=True, max_examples=int(os.environ.get("MERGE_EXAMPLES", "20")))


def into(text: str, *clients: Client, name: Format = "pixi") -> str:
    """The text after a merge of a TOML format; a second merge changes nothing."""
    rendered = render(name, Settings(clients=clients))
    found = toml_merge.merge(text, rendered, clients, "the file")
    assert toml_merge.merge(found, rendered, clients, "the file") == found
    return found


def into_yaml(text: str, *clients: Client, name: Format = "github") -> str:
    """The same of a YAML format."""
    rendered = render(name, Settings(clients=clients))
    merged = getattr(workflow, name.partition("-")[0])
    found = yaml_merge.merge(text, rendered, clients, "the file", merged)
    assert yaml_merge.merge(found, rendered, clients, "the file", merged) == found
    return found


def is_kept(before: str, after: str) -> bool:
    """Whether every line of `before` is in `after`, in this order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


# TOML files as people write them: every way to spell a key, a value, a table, a comment.

BARE = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
KEY = BARE | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5).map(toml.string)
LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
STRING = LINE.map(toml.string) | LINE.filter(lambda text: "'" not in text).map(lambda text: f"'{text}'")
SCALAR = STRING | st.sampled_from(["true", "0xff", "1_000", "-1.5e3", "nan", "inf", "1979-05-27T07:32:00Z", "07:32:00"])
LINES = st.just('"""\nlines\n  of "text"\\\n  """') | st.just("'''\n[not.a.table]\n'''")
SPACE = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def array(draw: st.DrawFn, items: st.SearchStrategy[str], least: int = 0) -> str:
    found = draw(st.lists(items, min_size=least, max_size=3))
    match draw(st.sampled_from(["one line", "tight", "lines", "commented"])):
        case "tight":
            return "[" + ",".join(found) + "]"
        case "lines":
            return "[\n" + "".join(f"    {item},\n" for item in found) + "]"
        case "commented":
            return "[ # head\n" + "".join(f"  # of {n}\n  {item}, # behind\n" for n, item in enumerate(found)) + "]"
    return "[ " + ", ".join(found) + " ]"


@st.composite
def comment(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", " # ", "\t#"]).flatmap(lambda mark: LINE.map(lambda t: mark and mark + t)))


@st.composite
def pairs(draw: st.DrawFn, taken: Sequence[str] = ()) -> str:
    """Some lines of `key = value`."""
    values = SCALAR | LINES | array(SCALAR | LINES) | st.builds("{{ {} = {} }}".format, BARE, SCALAR)
    keys = draw(st.lists(KEY, max_size=3, unique_by=name_of))
    lines = []
    for key in keys:
        if name_of(key) in taken:
            continue
        lines.append(f"{draw(SPACE)}{key}{draw(SPACE)}={draw(SPACE)}{draw(values)}{draw(comment())}\n")
        lines += draw(st.lists(st.just("\n") | LINE.map(lambda text: f"# {text}\n"), max_size=2))
    return "".join(lines)


def name_of(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 1")))


CHANNELS = st.sampled_from(
    ['"conda-forge"', "'bioconda'", '"https://repo.example.com/c"', '{channel = "x", priority = 1}']
)


@st.composite
def manifests(draw: st.DrawFn, table: str = "workspace") -> str:
    """A pixi.toml, valid, in no particular order."""
    parts = [draw(pairs(("workspace", "project", "other", "tool")))]
    own = "name = 'mine'\n" if draw(st.booleans()) else "platforms = []\n"
    if draw(st.booleans()):
        own += f"channels{draw(SPACE)}={draw(SPACE)}{draw(array(CHANNELS, 1) | st.just('[]'))}{draw(comment())}\n"
    own += draw(pairs(("channels", "s3-options", "requires-pixi", "name", "platforms")))
    options = draw(st.sampled_from(["none", "tables", "inline", "dotted", "ours"]))
    other = 'endpoint-url = "https://other"\nregion = "x"\nforce-path-style = false\n'
    inline = "{" + ", ".join(other.splitlines()) + "}"
    below = []
    match options:
        case "inline":
            own += f"s3-options = {{ other = {inline} }}\n"
        case "dotted":
            own += f"s3-options.other = {inline} # mine\n"
        case "tables":
            below = [f"[{table}.s3-options.other]\n{other}"]
        case "ours":
            below = [f"[{table}.s3-options.my-bucket]\nregion = 'wrong' # keep\n", f"[{table}.s3-options.b]\n{other}"]
    tables = [f"[{table}]{draw(comment())}\n{own}", *below]
    others = [
        f"[other-{n}{draw(st.sampled_from(['', '.a', '.b']))}]\n{draw(pairs())}" for n in range(draw(st.integers(0, 2)))
    ]
    others += [f"[[list-{n}]]\n{draw(pairs())}" for n in range(draw(st.integers(0, 1)))]
    gap = draw(st.sampled_from(["", "\n", "\n# between\n\n"]))
    text = gap.join([*parts, *draw(st.permutations([*tables, *others]))])
    if draw(st.booleans()):
        text = text.rstrip("\n")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Two names that are one, here and there.
        assume(False)
    return text


@CAREFUL
@given(manifests(), st.sampled_from(["pixi", "aws"]))
def test_all_that_is_not_ours_is_as_it_was(text: str, way: Any) -> None:
    before = tomllib.loads(text)
    found = into(text, read("minio", way))
    after = tomllib.loads(found)
    theirs, ours = before["workspace"], after["workspace"]
    assert ours["s3-options"]["my-bucket"] == OPTIONS
    assert ours["channels"][0] == OURS
    changed = ("channels", "s3-options", "requires-pixi")
    assert repr({k: v for k, v in before.items() if k != "workspace"}) == repr(
        {k: v for k, v in after.items() if k != "workspace"}
    )
    assert [k for k in theirs if k not in changed] == [k for k in ours if k not in changed]
    for bucket, options in theirs.get("s3-options", {}).items():
        assert bucket == "my-bucket" or ours["s3-options"][bucket] == options
    # The bytes: each line but that of the channels and of our own options stands there still, in its place.
    lines = [line for line in text.splitlines() if "channels" not in line and "s3-options" not in line]
    assert is_kept("\n".join(line for line in lines if line != "region = 'wrong' # keep"), found)


@CAREFUL
@given(manifests("tool.pixi.workspace"))
def test_a_pyproject_too(text: str) -> None:
    found = tomllib.loads(into(text, read("aws", "pixi"), name="pyproject"))
    assert found["tool"]["pixi"]["workspace"]["channels"][0] == OURS


@CAREFUL
@given(st.text(max_size=60) | manifests(), st.sampled_from(["pixi", "pyproject", "config"]))
def test_any_text_is_merged_or_refused(text: str, name: Format) -> None:
    with suppress(ConfigurationError):
        into(text, read("minio"), name=name)


def test_a_manifest_keeps_its_comments_order_and_quotes() -> None:
    text = """# mine
[workspace]   # here
channels = [
    # the best
    'conda-forge',  # cf
]
name = 'x'
platforms = ["linux-64"]

[dependencies]
python = ">=3.11"  # why
"""
    assert (
        into(text, read("minio"))
        == """# mine
[workspace]   # here
channels = [
    "s3://my-bucket/my-channel",
    # the best
    'conda-forge',  # cf
]
name = 'x'
platforms = ["linux-64"]

[workspace.s3-options.my-bucket]
endpoint-url = "https://minio.example.com"
region = "us-east-1"
force-path-style = true

[dependencies]
python = ">=3.11"  # why
"""
    )


def test_a_comment_stays_above_what_it_is_of() -> None:
    text = "[workspace]\nchannels = []\n# off = 1\n\n# what we need\n[dependencies]\n"
    found = into(text, read("minio", "aws"))
    assert found.endswith("force-path-style = true\n\n# what we need\n[dependencies]\n")
    assert is_kept(text.replace("channels = []\n", ""), found)


def test_an_empty_file_gets_all() -> None:
    assert tomllib.loads(into("# nothing yet\n", read("minio"))) == tomllib.loads(
        render("pixi", Settings(clients=(read("minio"),)))
    )


def test_a_workspace_by_its_older_name_stays_one() -> None:
    found = tomllib.loads(into('[project]\nname = "x"\nchannels = ["conda-forge"]\n', read("minio")))
    assert "workspace" not in found
    assert found["project"]["s3-options"] == {"my-bucket": OPTIONS}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["conda-forge"], [OURS, "conda-forge"]),
        (["bioconda", OURS, "conda-forge"], ["bioconda", OURS, "conda-forge"]),
        (["conda-forge", OURS], [OURS, "conda-forge"]),
        (["https://conda.anaconda.org/conda-forge/", OURS], [OURS, "https://conda.anaconda.org/conda-forge/"]),
        (["nvidia"], [OURS, "nvidia"]),
        ([{"channel": "conda-forge", "priority": 1}], [OURS, {"channel": "conda-forge", "priority": 1}]),
        ([{"channel": OURS, "priority": 9}, "conda-forge"], [{"channel": OURS, "priority": 9}, "conda-forge"]),
        ([OURS, "conda-forge", OURS], [OURS, "conda-forge"]),
    ],
)
def test_the_channel_comes_before_conda_forge_and_what_is_in_order_stays(
    listed: list[Any], expected: list[Any]
) -> None:
    text = toml_value(listed)
    found = tomllib.loads(into(f"[workspace]\nchannels = {text}\n", read("minio")))
    assert found["workspace"]["channels"] == expected


def toml_value(listed: list[Any]) -> str:
    """A list, with tables in it."""
    tables = "{{ channel = {}, priority = {} }}"
    items = [
        tables.format(json.dumps(i["channel"]), i["priority"]) if isinstance(i, dict) else json.dumps(i) for i in listed
    ]
    return f"[{', '.join(items)}]"


def test_several_channels_keep_their_order() -> None:
    both = [client(descriptor("minio", prefix=name), None) for name in ("a", "b")]
    found = tomllib.loads(into('[workspace]\nchannels = ["s3://my-bucket/b", "conda-forge"]\n', *both))["workspace"]
    assert found["channels"] == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]
    assert list(found["s3-options"]) == ["my-bucket"]


def test_another_way_of_access_replaces_the_name_and_takes_our_options_out() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', read("aws", "pixi"))
    found = tomllib.loads(into(text, read("aws", "public")))["workspace"]
    assert found == {"channels": ["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel", "conda-forge"]}


def test_on_aws_the_credentials_of_its_tools_take_the_options_out() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n'
    assert tomllib.loads(into(into(text, read("aws", "pixi")), read("aws", "aws"))) == tomllib.loads(text)


def test_a_table_that_was_empty_stays() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n[workspace.s3-options]\n'
    assert into(text, read("aws", "aws")) == text


def test_options_that_another_channel_needs_stay() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', read("aws", "pixi"))
    text += '\n[feature.more]\nchannels = ["s3://my-bucket/another"]\n'
    assert "s3-options" in tomllib.loads(into(text, read("aws", "aws")))["workspace"]


def test_a_pixi_that_is_asked_for_stays() -> None:
    text = '[workspace]\nchannels = []\nrequires-pixi = ">=0.70"\n'
    assert tomllib.loads(into(text, read("minio", "aws")))["workspace"]["requires-pixi"] == ">=0.70"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace", "not TOML"),
        ('workspace = "x"', "no table"),
        ('[workspace]\nchannels = "conda-forge"', "no list"),
        ("[workspace]\ns3-options = 1\nchannels = []", "no table"),
        ("[workspace]\nchannels = []\n[workspace.s3-options]\nmy-bucket = 1", "no table"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        into(text, read("minio"))
    assert caught.value.where == "the file"


WORKFLOW = """# ours, and dear to us
name: "CI"
on:
    push:   # always
permissions:
    contents: read
jobs:
    lint:
        runs-on: ubuntu-latest
        steps:
        -   uses: actions/checkout@v4
    test:
        runs-on: ${{ matrix.os }}
        strategy: {matrix: {os: [ubuntu-latest,   windows-latest]}}
        steps:
        -   uses: actions/checkout@v4  # pinned

        # pixi, as we like it
        -   uses: prefix-dev/setup-pixi@v0.8.1
            with:
                cache: true
        # run it
        -   run: |
                pixi run   test
"""


def test_a_workflow_gets_what_it_lacks_and_no_more() -> None:
    found = into_yaml(WORKFLOW, read("aws", "pixi"))
    assert is_kept(WORKFLOW, found)
    jobs = YAML(typ="safe").load(found)["jobs"]
    assert jobs["lint"] == YAML(typ="safe").load(WORKFLOW)["jobs"]["lint"]
    assert jobs["test"]["permissions"] == {"id-token": "write", "contents": "read"}
    login, pixi = jobs["test"]["steps"][1:3]
    assert login["with"]["output-credentials"] is True
    assert pixi["uses"] == "prefix-dev/setup-pixi@v0.8.1"
    assert pixi["with"]["cache"] is True
    assert pixi["with"]["auth-host"] == "s3://my-bucket"
    # The comment stays above what it is of.
    assert found.index("uses: aws-actions") < found.index("# pixi, as we like it") < found.index("setup-pixi@v0.8.1")


def test_a_workflow_without_pixi_gets_a_job() -> None:
    found = YAML(typ="safe").load(into_yaml("jobs:\n  test:\n    runs-on: x\n    steps: []\n", read("minio")))
    assert list(found["jobs"]) == ["test", "test-my-channel"]
    assert found["jobs"]["test-my-channel"]["permissions"] == {"contents": "read"}


def test_the_step_that_logs_in_keeps_its_name() -> None:
    login = """        -   id: mine
            uses: aws-actions/configure-aws-credentials@v4
            with: {role-to-assume: arn:x, aws-region: us-east-1}
"""
    text = WORKFLOW.replace("        # pixi, as", f"{login}        # pixi, as")
    steps = YAML(typ="safe").load(into_yaml(text, read("aws", "pixi")))["jobs"]["test"]["steps"]
    assert steps[1]["with"] == {"role-to-assume": "arn:x", "aws-region": "eu-central-1", "output-credentials": True}
    assert "steps.mine.outputs" in steps[2]["with"]["auth-s3-access-key-id"]


def test_a_login_to_another_host_is_not_replaced() -> None:
    text = WORKFLOW.replace("cache: true", "auth-host: prefix.dev")
    with pytest.raises(ConflictError, match=r"prefix\.dev"):
        into_yaml(text, read("aws", "pixi"))


def test_a_job_that_publishes_is_added_once_and_goes_to_another_channel() -> None:
    found = into_yaml(WORKFLOW, read("minio"), name="github-publish")
    assert is_kept(WORKFLOW, found)
    moved = into_yaml(found, client(descriptor("minio", prefix="other"), None), name="github-publish")
    jobs = YAML(typ="safe").load(moved)["jobs"]
    assert list(jobs) == ["lint", "test", "publish"]
    assert "--channel s3://my-bucket/other " in jobs["publish"]["steps"][-1]["run"]


PIPELINE = """stages: [check]
test:
  stage: check
  variables: {A: "1"}
  before_script:
    - echo hello   # first
  script: [make]
"""


def test_a_gitlab_job_keeps_its_commands() -> None:
    found = into_yaml(PIPELINE, read("aws"), name="gitlab")
    job = YAML(typ="safe").load(found)["test"]
    assert job["script"] == ["make"]
    assert job["before_script"][-1] == "echo hello"
    assert job["variables"]["A"] == "1"
    assert job["variables"]["AWS_REGION"] == "eu-central-1"
    assert is_kept(PIPELINE.replace('  variables: {A: "1"}\n', ""), found)


def test_a_condarc() -> None:
    text = "channels: # c\n- conda-forge\n# x\n- defaults # d\nauto_update_conda: false"
    found = into_yaml(text, read("aws", "public"), name="condarc")
    assert is_kept(text, found)
    assert YAML(typ="safe").load(found) == {
        "channels": ["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel", "conda-forge", "defaults"],
        "auto_update_conda": False,
        "channel_priority": "strict",
    }


@pytest.mark.parametrize("text", ["jobs: [", "- a\n", "jobs: 1\n", "jobs:\n  a: &a\n    b: *c\n", "\t"])
def test_a_workflow_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        into_yaml(text, read("aws"))


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True).filter(
    lambda name: name not in ("on", "no", "yes", "y", "n")
)


@st.composite
def workflows(draw: st.DrawFn) -> str:
    """A GitHub workflow in one of the styles that people have, with comments in odd places."""
    step = draw(st.sampled_from(["  ", "    "]))
    dash = draw(st.sampled_from(["", "  "]))
    steps = [
        "uses: actions/checkout@v4",
        "run: |\n{in}  a\n\n{in}  b",
        'name: "x: y"\n{in}run: make',
        "uses: 'prefix-dev/setup-pixi@v0.9.0'",
    ]
    lines = [
        draw(st.sampled_from(["", "---\n", "# top\n\n"])) + f"name: {draw(NAMES)}",
        "on: [push, pull_request]",
        "jobs:",
    ]
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        lines += [
            f"{step}{name}:{draw(comment()).replace(chr(9), ' ')}",
            f"{step}{step}runs-on:   ubuntu-latest",
            f"{step * 2}steps:",
        ]
        for each in draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4)):
            column = step * 2 + dash
            if draw(st.booleans()):
                lines.append(f"{column}# a comment")
            lines.append(f"{column}- " + each.replace("{in}", column + "  "))
            lines += [""] * draw(st.integers(0, 1))
    text = "\n".join(lines)
    return text if draw(st.booleans()) else text + "\n"


@CAREFUL
@given(
    workflows(),
    st.sampled_from(["github", "github-publish"]),
    st.sampled_from([("aws", "aws"), ("aws", "pixi"), ("minio", "pixi"), ("minio", "aws"), ("aws", "public")]),
)
def test_every_line_of_a_workflow_stays(text: str, name: Format, cell: tuple[str, Any]) -> None:
    assert is_kept(text, into_yaml(text, read(*cell), name=name))


@CAREFUL
@given(st.text(max_size=60), st.sampled_from(["github", "gitlab", "gitlab-publish"]))
def test_any_text_is_merged_into_or_refused(text: str, name: Format) -> None:
    with suppress(ChaninfraError):
        into_yaml(text, read("minio"), name=name)


# Documents with the right words in the wrong places.
WORDS = st.sampled_from(
    ["prefix-dev/setup-pixi@v0", "chaninfra publish", "aws-actions/configure-aws-credentials@v6", "conda-forge", "x"]
)
KEYS = st.sampled_from(
    ["jobs", "steps", "uses", "run", "with", "env", "permissions", "test", "publish", "channels", "before_script", "id"]
)
ANYTHING = st.recursive(
    WORDS | st.none() | st.integers(0, 3) | st.booleans(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(KEYS, each, max_size=4),
    max_leaves=12,
)
STEPS = st.lists(st.fixed_dictionaries({}, optional={"uses": WORDS, "run": WORDS, "with": ANYTHING, "env": ANYTHING}))
JOBS = st.fixed_dictionaries({}, optional={"steps": STEPS | ANYTHING, "env": ANYTHING, "permissions": ANYTHING})
DOCUMENTS = ANYTHING | st.fixed_dictionaries({"jobs": st.dictionaries(KEYS, JOBS, max_size=2)})


@CAREFUL
@given(DOCUMENTS, st.sampled_from(["github", "github-publish", "gitlab", "gitlab-publish", "condarc"]))
def test_any_document_is_merged_into_or_refused(document: Any, name: Format) -> None:
    way: Any = "public" if name == "condarc" else "pixi"
    with suppress(ChaninfraError):
        into_yaml(json.dumps(document), read("aws", way), name=name)


@CAREFUL
@given(st.dictionaries(KEYS | st.just("workspace"), ANYTHING, max_size=3))
def test_any_document_of_keys_is_merged_into_or_refused(document: dict[str, Any]) -> None:
    with suppress(ChaninfraError):
        text = tomlkit.dumps({name: value for name, value in document.items() if "null" not in json.dumps(value)})
        into(text, read("minio"))
