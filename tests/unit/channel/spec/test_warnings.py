"""Warnings: principals that are trusted by a name, keys that have no effect any more, and rights on a whole bucket."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.warnings import warnings

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}
BY_NAME = {"github": {"repository": "acme/packages", "branch": "main"}}
BY_ID = {"github": {**BY_NAME["github"], "owner-id": "12", "repository-id": "34"}}


def warned(**keys: Any) -> list[ConfigurationError]:
    return warned_of({**AWS, **keys})


def warned_of(config: dict[str, Any]) -> list[ConfigurationError]:
    return list(warnings(build_spec(config, where="Pulumi.test.yaml"), where="Pulumi.test.yaml"))


@pytest.mark.parametrize("role", ["publishers", "readers", "maintainers"])
def test_a_repository_without_ids_is_trusted_by_its_name(role: str) -> None:
    (found,) = warned(**{role: {"ci": BY_NAME}})
    assert (found.where, found.key) == ("Pulumi.test.yaml", (role, "ci", "github"))
    assert "gh api repos/acme/packages --jq '.id,.owner.id'" in (found.remedy or "")


def test_ids_and_other_kinds_are_not_warned_about() -> None:
    gitlab = {"gitlab": {"project": "acme/packages", "branch": "main"}}
    assert warned(publishers={"ci": BY_ID, "lab": gitlab}, readers={"all": {"arn": "123456789012"}}) == []


def test_ids_that_are_written_as_numbers_are_ids() -> None:
    assert warned(publishers={"ci": {"github": {**BY_NAME["github"], "owner-id": 12, "repository-id": 34}}}) == []


@pytest.mark.parametrize(
    "index",
    [
        {"index": {"formats": ["json", "zst", "shards"]}},
        {"index": {"formats": ["shards"], "compression-level": 3}},
        # As `pulumi config set` writes it, with --path and without.
        {"index": '{"formats":["json","shards"]}'},
        {"index.formats": "json, zst"},
    ],
)
def test_formats_have_no_effect_and_one_warning_says_so(index: dict[str, Any]) -> None:
    (found,) = warned(**index)
    assert (found.where, found.key) == ("Pulumi.test.yaml", ("index", "formats"))
    assert "Pulumi.test.yaml, key index.formats: has no effect any more" in str(found)
    assert "`index.monolith`" in found.message
    spec = build_spec({**AWS, **index}, where="Pulumi.test.yaml")
    assert (spec.channels[0].index.monolith, len(spec.channels[0].index.formats)) == ("each-commit", 3)


def test_the_formats_of_several_channels_are_warned_about_where_they_stand() -> None:
    channels = {"a": {}, "b": {"index": {"formats": ["json"]}}, "c": {"index": {"monolith": "never"}}}
    found = warned(prefix=None, index={"formats": ["json", "zst"]}, channels=channels)
    assert [each.key for each in found] == [("index", "formats"), ("channels", "b", "index", "formats")]
    assert [each.where for each in found] == ["Pulumi.test.yaml"] * 2


def test_without_formats_there_is_no_warning() -> None:
    assert warned(index={"monolith": "never"}) == warned() == []


def test_formats_that_never_were_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"key index\.formats\.0: 'xz' is not known"):
        warned(index={"formats": ["xz"]})


GARAGE = {"provider": "garage", "bucket": "my-bucket", "endpoint-url": "http://127.0.0.1:3900"}
TWO = {"channels": {"a": {"publishers": {"ci": {"key": {}}}}, "b": {}}}


@pytest.mark.parametrize("admin", [{}, {"admin-url": "http://127.0.0.1:3903"}], ids=["by hand", "by the stack"])
def test_keys_with_rights_on_the_whole_bucket_are_warned_about_where_it_has_several_channels(
    admin: dict[str, str],
) -> None:
    (found,) = warned_of({**GARAGE, **admin, **TWO})
    assert found.key == ("channels",)
    assert "Garage gives an access key rights on the whole bucket: those of a may read the other channels" in str(found)
    assert "overwrite" in found.message
    assert "a bucket and a stack of their own" in (found.remedy or "")


def test_one_channel_and_channels_without_keys_are_not_warned_about() -> None:
    assert warned_of({**GARAGE, "prefix": "main", "publishers": {"ci": {"key": {}}}}) == []
    assert warned_of({**GARAGE, "channels": {"a": {}, "b": {}}}) == []
    assert warned_of({**GARAGE, **TWO, "provider": "minio"}) == []
