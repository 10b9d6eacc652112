"""Arguments of the components as config keys."""

from __future__ import annotations

import pytest

from chaninfra.channel.config.arguments import config_keys_of, kebab_case


@pytest.mark.parametrize(
    ("argument", "key"),
    [("endpoint_url", "endpoint-url"), ("endpointUrl", "endpoint-url"), ("from_", "from"), ("from", "from")],
)
def test_an_argument_is_the_config_key_in_the_spelling_of_its_language(argument: str, key: str) -> None:
    assert kebab_case(argument) == key


@pytest.mark.parametrize("name", ["from", "from_"])
def test_python_has_a_word_from_and_so_an_underscore(name: str) -> None:
    args = {"promoters": {"from_": {"key": {}, name: ["s3://staging/main"]}}}
    found = config_keys_of(args, "config", lambda *_: NotImplemented)
    # The name of a principal keeps its spelling.
    assert found == {"promoters": {"from_": {"key": {}, "from": ["s3://staging/main"]}}}
