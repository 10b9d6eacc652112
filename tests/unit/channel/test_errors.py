"""Configuration errors: the text that a user sees, and the spelling of config keys in it."""

from __future__ import annotations

import re

import pytest

from chaninfra.channel.config.schema import config_keys
from chaninfra.channel.errors import ChaninfraError, ConfigurationError


def snake_case(key: str) -> str:
    return key.replace("-", "_")


def test_the_text_names_the_document_and_the_path_of_the_key() -> None:
    error = ConfigurationError("is wrong", where="stack.yaml", key=("cdn", "domain"), remedy="set it")
    assert error.summary == "stack.yaml, key cdn.domain: is wrong"
    assert str(error) == "stack.yaml, key cdn.domain: is wrong\n  set it"
    assert str(ConfigurationError("is wrong", key=("cdn",))) == "key cdn: is wrong"
    assert str(ConfigurationError("is wrong", where="stack.yaml")) == "stack.yaml: is wrong"


def test_keys_are_spelled_in_the_path_and_in_backticks() -> None:
    error = ConfigurationError(
        "`aws.kms-key-arn` excludes `encryption`",
        where="stack.yaml",
        key=("aws", "kms-key-arn"),
        remedy="remove `aws.kms-key-arn`",
    )
    assert error.spelled(snake_case, config_keys()) == (
        "stack.yaml, key aws.kms_key_arn: `aws.kms_key_arn` excludes `encryption`; remove `aws.kms_key_arn`"
    )


@pytest.mark.parametrize(
    "message",
    ["should be `sse-s3`", "public-url without backticks", "see the stack output `next-steps`", "give `key: {}`"],
)
def test_words_that_are_not_keys_keep_their_spelling(message: str) -> None:
    error = ConfigurationError(message, where="old-versions-days.yaml", key=("publishers", "ci-job"))
    assert error.spelled(snake_case, config_keys()) == str(error)


def test_the_known_keys_decide_what_is_spelled() -> None:
    error = ConfigurationError("set `access-key-id`", key=("access-key-id",))
    assert error.spelled(snake_case, config_keys() - {"access-key-id"}) == str(error)


def test_config_keys_are_those_of_all_blocks() -> None:
    assert {"bucket", "public-url", "kms-key-arn", "certificate-arn", "repository-id", "rotate"} <= config_keys()
    assert not [key for key in config_keys() if not re.fullmatch("[a-z-]+", key)]


def test_a_remedy_of_several_lines_keeps_their_shape() -> None:
    error = ChaninfraError("is wrong", remedy="add:\ntest:\n  script:\n    - a\n")
    assert str(error) == "is wrong\n  add:\n  test:\n    script:\n      - a"
