"""Dotted keys of the stack config. The conversion of text is tested in test_stack."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.config.coercion import expand_paths
from chaninfra.channel.config.stack import parse_config
from chaninfra.channel.errors import ConfigurationError


def parse(**keys: Any) -> None:
    parse_config({"bucket": "my-bucket", **keys}, where="stack.yaml")


def test_dotted_keys_are_merged_into_mappings_and_the_document_is_not_changed() -> None:
    document = {"index": {"monolith": "never"}, "index.writers": "single", "cdn.domain": "a.example.com"}
    assert expand_paths(document, where="stack.yaml") == {
        "index": {"monolith": "never", "writers": "single"},
        "cdn": {"domain": "a.example.com"},
    }
    assert document["index"] == {"monolith": "never"}


@pytest.mark.parametrize(
    "other",
    [
        {"publishers": {"ci": {"github": {"branch": "dev"}}}},
        {"publishers.ci.github.branch.x": "dev"},
        {"publishers": {"ci": "dev"}},
    ],
)
def test_a_value_that_is_set_twice_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"set twice(.|\n)*pulumi config rm publishers\.ci\.github\.branch"
    ) as caught:
        parse(**{"publishers.ci.github.branch": "main", **other})
    assert caught.value.where == "stack.yaml"
    assert caught.value.key[:4] == ("publishers", "ci", "github", "branch")


def test_a_dotted_key_that_is_unknown_is_refused_with_the_nearest_key() -> None:
    with pytest.raises(ConfigurationError, match=r"key publisher: unknown key(.|\n)*publishers"):
        parse(**{"publisher.ci.key.rotate": "1"})
