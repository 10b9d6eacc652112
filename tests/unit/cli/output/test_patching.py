"""The list of patches."""

from __future__ import annotations

from chaninfra.channel.conda.patch import Patch
from chaninfra.cli.output.patching import listed_json, listed_text
from chaninfra.index.patches.listing import ListedPatch


def listed(file: str, **fields: str) -> ListedPatch:
    patch = Patch(changes={"license": "MIT"}, when="2026-11-01T12:00:00Z", **fields)
    return ListedPatch(package=f"noarch/{file}", patch=patch, applies="applied")


def test_a_patch_that_was_copied_says_from_where() -> None:
    found = [listed("a-1-0.conda", source="s3://staging/main\x1b[2J"), listed("b-1-0.conda", reason="wrong")]
    head, first, second = listed_text(found).splitlines()
    assert head.split() == ["PACKAGE", "CHANGES", "APPLIES", "SINCE", "FROM", "REASON"]
    assert first.split()[4].startswith("s3://staging/main")
    assert "\x1b" not in first
    assert second.split()[-1] == "wrong"
    assert [each["source"] for each in listed_json(found)] == ["s3://staging/main\x1b[2J", None]


def test_columns_that_are_empty_are_left_out() -> None:
    plain = listed("b-1-0.conda")
    assert listed_text([plain]).splitlines()[0].split()[-1] == "SINCE"
    assert listed_text([listed("b-1-0.conda", reason="wrong")]).splitlines()[0].split()[4:] == ["REASON"]
    assert listed_text([listed("b-1-0.conda", source="/srv/old")]).splitlines()[0].split()[4:] == ["FROM"]
