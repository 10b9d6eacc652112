"""Retention rules in the stack config, and in the descriptor of the channel."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.retention import RetentionRule
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import dump, parse
from chaninfra.channel.spec.build import build_spec

BASE = {"provider": "minio", "endpoint-url": "https://minio.example.com", "bucket": "my-bucket"}


def described(**config: Any) -> list[bytes]:
    stack = build_spec({**BASE, **config}, where="Pulumi.prod.yaml")
    return [dump(build_descriptor(stack.bucket, channel)) for channel in stack.channels]


def test_the_descriptor_has_what_is_set_and_nothing_where_no_rule_is() -> None:
    assert b"retention" not in described()[0]
    assert b"retention" not in described(retention={})[0]
    (data,) = described(retention={"nightlies": {"match": "a >=2", "keep-newest": "30", "never": ["a ==2.1"]}})
    assert parse(data, where="x").rules == {
        "nightlies": RetentionRule(match="a >=2", keep_newest=30, never=("a ==2.1",))
    }
    assert b"grace" not in data


def test_rules_at_the_top_are_those_of_every_channel_unless_it_has_its_own() -> None:
    own, every = {"mine": {"older-than": "3d"}}, {"all": {"keep-newest": 3}}
    first, second = described(retention=every, channels={"nightly": {"retention": own}, "stable": {}})
    assert "mine" in parse(first, where="x").rules
    assert [*parse(second, where="x").rules] == ["all"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "key retention.n: the rule does not say which packages go\n  set `keep-newest` or `older-than`"),
        ({"keep-newest": 0}, "key retention.n.keep-newest: 0 is less than the minimum of 1"),
        ({"keep-newst": 3}, "key retention.n.keep-newst: unknown key\n  did you mean `keep-newest`?"),
        ({"older-than": "2w"}, "key retention.n.older-than: '2w' is not valid"),
        ({"older-than": "0d"}, "key retention.n.older-than: '0d' is not valid"),
        ({"older-than": "3d", "grace": "0d"}, "key retention.n.grace: '0d' is not valid"),
        ({"older-than": "3d", "per": "version"}, "key retention.n.per: `per` says what `keep-newest` counts"),
        ({"keep-newest": 3, "per": "build"}, "key retention.n.per: 'build' is not known"),
        ({"keep-newest": 3, "match": "a\n"}, "key retention.n.match"),
        (
            {"keep-newest": 3, "subdir": "linux"},
            "key retention.n.subdir: 'linux' is not known\n  did you mean 'linux-64'?",
        ),
    ],
)
def test_a_rule_that_is_not_valid_is_an_error_with_its_key(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        described(retention={"n": rule})
    assert f"Pulumi.prod.yaml, {message}" in str(raised.value)


def test_names_and_numbers_of_rules_are_bounded() -> None:
    with pytest.raises(ConfigurationError, match="key retention: 'a b' is not valid"):
        described(retention={"a b": {"keep-newest": 1}})
    with pytest.raises(ConfigurationError, match="101 rules are too many"):
        described(retention={f"r{number}": {"keep-newest": 1} for number in range(101)})
