"""The arguments of the components: config keys in Pulumi's spelling, and the Outputs among their values."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

import component_args
from chaninfra.channel.conda.index_settings import AtMostEvery
from chaninfra.channel.config.stack import OUTPUT_PLACEHOLDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.declaration import as_config, declare
from chaninfra.pulumi.errors import UserError, camel_case, spelled

MINIMAL = {"provider": "minio", "endpoint_url": "https://minio.example.com", "bucket": "my-bucket"}


def refused(**args: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        declare("CondaChannel", "packages", {**MINIMAL, **args})
    return caught.value


def test_the_generated_argument_types_are_up_to_date() -> None:
    assert component_args.FILE.read_text("utf-8") == component_args.text(), "make schemas"


def test_arguments_become_config_keys_and_names_of_users_stay() -> None:
    args = {
        **MINIMAL,
        "prefix": "main",
        "old_versions_days": 30.0,
        "tags": {"cost_center": "7"},
        "publishers": {"ci_job": {"oidc": {"issuer": "https://i.example.com", "audience": "a", "subject": "s"}}},
        "region": None,
    }
    config = as_config(args, "config", "here")
    assert config["endpoint-url"] == "https://minio.example.com"
    assert type(config["old-versions-days"]) is int
    assert config["tags"] == {"cost_center": "7"}
    assert set(config["publishers"]) == {"ci_job"}
    assert declare("CondaChannel", "packages", args).stack == build_spec(config, where="here")


def test_an_error_names_the_component_and_the_argument() -> None:
    message = str(refused(old_versions_days=-1))
    assert "CondaChannel 'packages', key old_versions_days" in message
    assert "old-versions-days" not in message
    assert "bukket" in str(refused(bukket="x"))
    assert "`bucket`" in str(refused(bukket="x"))


def test_an_error_about_a_word_of_python_names_the_argument() -> None:
    promoters = {"release": {"key": {}, "from_": ["staging"]}}
    error = refused(promoters=promoters)
    assert "key promoters.release.from_.0" in str(error)
    assert "key promoters.release.from.0" in spelled(error.error, camel_case)


def test_an_error_can_be_spelled_in_camel_case_for_other_languages() -> None:
    assert "key oldVersionsDays" in spelled(refused(old_versions_days=-1).error, camel_case)


@pytest.mark.parametrize("name", ["prefix", "bucket", "subdirs", "publishers", "visibility"])
def test_an_output_is_refused_where_the_resources_depend_on_the_value(name: str) -> None:
    error = refused(**{name: pulumi.Output.from_input("x")})
    assert f"key {name}: `{name}` must be a plain value, not an Output" in str(error)


def test_credentials_cannot_be_arguments() -> None:
    message = str(refused(secret_access_key="s3cr3t"))
    assert "pulumi config set" in message
    assert "--secret" in message
    assert "s3cr3t" not in message


def test_a_placeholder_passes_the_schema_and_is_replaced_by_the_value_of_the_output() -> None:
    arn = "arn:aws:iam::123456789012:role/builder"
    key = "arn:aws:kms:eu-central-1:123456789012:key/1"
    topic = "arn:aws:sns:eu-central-1:123456789012:on-call"
    args = {
        "bucket": "my-bucket",
        "region": "eu-central-1",
        "publishers": {"ci": {"arn": pulumi.Output.from_input(arn)}},
        "index": {"follow": {}},
        "aws": {
            "kms_key_arn": pulumi.Output.from_input(key),
            "log_bucket": pulumi.Output.from_input("logs"),
            "follow": {"alarm_topic": pulumi.Output.from_input(topic)},
        },
    }
    declaration = declare("CondaChannel", "packages", args)
    assert declaration.stack.channels[0].principals[0].arn == OUTPUT_PLACEHOLDERS["principal", "arn"]
    output = declaration.apply(lambda stack: stack)
    assert isinstance(output, pulumi.Output)
    stack = asyncio.get_event_loop().run_until_complete(output.future())
    assert stack is not None
    assert stack.channels[0].principals[0].arn == arn
    assert (stack.bucket.aws.kms_key_arn, stack.bucket.aws.log_bucket) == (key, "logs")
    assert stack.bucket.aws.follow.alarm_topic == topic


@pytest.mark.parametrize("key", ["at_most_every", "at-most-every", "atMostEvery"])
def test_an_argument_without_a_type_has_the_keys_of_any_language(key: str) -> None:
    """Pulumi has no unions, so it does not translate the keys of `monolith`."""
    declaration = declare("CondaChannel", "packages", {**MINIMAL, "index": {"monolith": {key: "10m"}}})
    assert declaration.stack.channels[0].index.monolith == AtMostEvery(at_most_every="10m")
    message = str(refused(index={"monolith": {key: "9s"}}))
    assert "CondaChannel 'packages', key index.monolith.at_most_every: '9s' is not valid" in message


def test_an_argument_that_is_a_word_or_a_mapping_can_be_the_word() -> None:
    declaration = declare("CondaChannel", "packages", {**MINIMAL, "index": {"monolith": "never", "history_days": 7.0}})
    index = declaration.stack.channels[0].index
    assert (index.monolith, index.history_days) == ("never", 7)
