"""Settings merged into documents of any shape: only our settings change, and a second merge changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import Any

import tomli
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, ConflictError
from chaninfra.manifest.names import NAMES, Format
from support.cases.manifests import access
from support.cases.merge_documents import ANYTHING, DOCUMENTS, KEYS, is_together, manifests, workflows
from support.cases.merging import OPTIONS, OURS, into, into_yaml, is_kept
from support.cases.pixi_model import solved
from support.example_counts import EXAMPLES

CI: list[Format] = [name for name in NAMES if name.startswith(("github", "gitlab"))]


@EXAMPLES
@given(manifests(), st.sampled_from(["pixi", "aws"]))
def test_other_content_of_a_pixi_toml_stays(text: str, method: Any) -> None:
    before = tomli.loads(text)
    found = into(text, access("minio", method))
    after = tomli.loads(found)
    theirs, ours = before["workspace"], after["workspace"]
    assert ours["s3-options"]["my-bucket"] == OPTIONS
    assert solved(after)[0].channels[0] == OURS
    changed = ("channels", "s3-options", "requires-pixi")
    assert repr({k: v for k, v in before.items() if k != "workspace"}) == repr(
        {k: v for k, v in after.items() if k != "workspace"}
    )
    assert [k for k in theirs if k not in changed] == [k for k in ours if k not in changed]
    for bucket, options in theirs.get("s3-options", {}).items():
        assert bucket == "my-bucket" or ours["s3-options"][bucket] == options
    # The lines stay too, but for those of the channels and of our own options.
    lines = [line for line in text.splitlines() if "channels" not in line and "s3-options" not in line]
    lines = [line for line in lines if line != "region = 'wrong' # keep"]
    if is_together(text, "workspace"):
        assert is_kept("\n".join(lines), found)
    else:
        # tomlkit moves tables of [workspace] next to each other if others are between them.
        assert not Counter(line for line in lines if line) - Counter(found.splitlines())


@EXAMPLES
@given(manifests("tool.pixi.workspace"))
def test_a_pyproject_gets_the_channel(text: str) -> None:
    found = tomli.loads(into(text, access("aws", "pixi"), name="pyproject"))
    assert solved(found["tool"]["pixi"])[0].channels[0] == OURS


@EXAMPLES
@given(st.text(max_size=60) | manifests(), st.sampled_from(["pixi", "pyproject", "config"]))
def test_any_text_as_toml_is_merged_or_refused(text: str, name: Format) -> None:
    with suppress(ConfigurationError):
        into(text, access("minio"), name=name)


@EXAMPLES
@given(
    workflows(),
    st.sampled_from(["github", "github-publish", "github-upload"]),
    st.sampled_from([("aws", "aws"), ("aws", "pixi"), ("minio", "pixi"), ("minio", "aws"), ("aws", "public")]),
)
def test_every_line_of_a_workflow_stays(text: str, name: Format, cell: tuple[str, Any]) -> None:
    with suppress(ConflictError):
        # Its jobs may upload in another way.
        assert is_kept(text, into_yaml(text, access(*cell, follows=True), name=name))


@EXAMPLES
@given(st.text(max_size=60), st.sampled_from(CI))
def test_any_text_as_yaml_is_merged_or_refused(text: str, name: Format) -> None:
    with suppress(ChaninfraError):
        into_yaml(text, access("minio", follows=True), name=name)


@EXAMPLES
@given(DOCUMENTS, st.sampled_from([*CI, "condarc"]))
def test_any_yaml_document_is_merged_or_refused(document: Any, name: Format) -> None:
    method: Any = "public" if name == "condarc" else "pixi"
    with suppress(ChaninfraError):
        into_yaml(json.dumps(document), access("aws", method, follows=True), name=name)


@EXAMPLES
@given(st.dictionaries(KEYS | st.just("workspace"), ANYTHING, max_size=3))
def test_any_toml_document_is_merged_or_refused(document: dict[str, Any]) -> None:
    with suppress(ChaninfraError):
        text = tomlkit.dumps({name: value for name, value in document.items() if "null" not in json.dumps(value)})
        into(text, access("minio"))
