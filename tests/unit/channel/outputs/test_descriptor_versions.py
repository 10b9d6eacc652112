"""Descriptors of other versions: an older one is read, and a newer one stops a writer, whichever of the two is ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chaninfra.channel.conda.index_settings import AtMostEvery
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import (
    DescribedIndex,
    Descriptor,
    NewerDescriptorError,
    dump,
    from_document,
    parse,
    to_document,
)
from support.channels.channels import descriptor
from support.paths import DATA

HERE = DATA / "schemas" / "version-1"
SCHEMA = json.loads((HERE / "channel.schema.json").read_text())
"""The schema of version 1, as the last release with that version had it."""
CHECKER = Draft202012Validator(SCHEMA)


def saved() -> dict[str, dict[str, Any]]:
    """Documents of version 1: two by hand, and those of the stack output `channels` in the states of all releases."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(HERE.glob("channel-*.json"))}
    for path in sorted((DATA / "states").glob("*.json")):
        resources = json.loads(path.read_text())["deployment"]["resources"]
        stack = next(each for each in resources if each["type"] == "pulumi:pulumi:Stack")
        found |= {f"{path.stem}-{name}": document for name, document in stack["outputs"]["channels"].items()}
    return found


SAVED = saved()


@pytest.mark.parametrize("name", SAVED)
def test_version_1_is_read_and_written_as_version_2(name: str) -> None:
    old = SAVED[name]
    assert CHECKER.is_valid(old)
    read = from_document(old, where="channel.json")
    assert read == parse(json.dumps(old), where="channel.json")
    new = json.loads(dump(read))
    assert (new["version"], new["index"]["monolith"], new["index"]["history-days"]) == (2, "each-commit", 30)
    kept = {key: value for key, value in old.get("index", {}).items() if key != "formats"}
    assert new["index"].items() >= kept.items()
    assert new.items() >= {key: value for key, value in old.items() if key not in ("version", "index")}.items()
    assert parse(dump(read), where="channel.json") == read


@pytest.mark.parametrize("formats", [["json"], ["json", "zst"], ["json", "shards"], ["json", "zst", "shards"]])
def test_the_formats_of_version_1_are_dropped(formats: list[str]) -> None:
    old = {**SAVED["channel-public"], "index": {**SAVED["channel-public"]["index"], "formats": formats}}
    assert from_document(old, where="channel.json").index.monolith == "each-commit"


def test_a_document_without_a_version_is_of_version_1() -> None:
    old = {key: value for key, value in SAVED["channel-public"].items() if key != "version"}
    assert from_document(old, where="channel.json") == from_document(SAVED["channel-public"], where="channel.json")


@pytest.mark.parametrize("index", [None, [], "x", {"format": []}, {"formats": [], "writers": "two"}])
def test_an_error_of_version_1_names_the_key(index: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"a/channel\.json, key index"):
        from_document({**SAVED["channel-private"], "index": index}, where="a/channel.json")


@pytest.mark.parametrize("version", [3, 99, 10**30])
def test_a_newer_version_is_an_error_that_says_to_upgrade(version: int) -> None:
    document = {**to_document(descriptor()), "version": version, "what-is-this": 1}
    with pytest.raises(NewerDescriptorError) as caught:
        from_document(document, where="a/channel.json")
    error = caught.value
    assert (error.where, error.key, error.remedy) == ("a/channel.json", ("version",), "upgrade chaninfra")
    assert f"version {version} of the descriptor is newer" in error.message


def read_by_version_1(document: object) -> None:
    """What `from_document` of the last release with version 1 checks first; it comes before any write of any command.

    Stands in for that release, which the tests do not have: its code, with its schema in place of its models.
    """
    version = document.get("version", 1) if isinstance(document, dict) else 1
    if isinstance(version, int) and version > 1:
        raise ConfigurationError(f"version {version} of the descriptor is newer than this chaninfra")
    if not CHECKER.is_valid(document):
        raise ConfigurationError("is not valid")


INDEXES = [
    DescribedIndex(),
    DescribedIndex(monolith="never"),
    DescribedIndex(monolith=AtMostEvery(at_most_every="1d"), history_days=1, writers="single"),
]


@pytest.mark.parametrize("index", INDEXES)
def test_a_chaninfra_that_knows_version_1_alone_stops(index: DescribedIndex) -> None:
    document = to_document(written(index))
    with pytest.raises(ConfigurationError, match="version 2 of the descriptor is newer"):
        read_by_version_1(document)
    # Even without the version the keys are unknown there.
    with pytest.raises(ConfigurationError, match="is not valid"):
        read_by_version_1({**document, "version": 1})


def written(index: DescribedIndex) -> Descriptor:
    return parse(dump(descriptor(index=index)), where="channel.json")


def test_the_stand_in_for_an_earlier_chaninfra_reads_what_that_wrote() -> None:
    for document in SAVED.values():
        read_by_version_1(document)
    assert {path.name for path in Path(HERE).iterdir()} == {
        "channel.schema.json",
        "channel-private.json",
        "channel-public.json",
    }
