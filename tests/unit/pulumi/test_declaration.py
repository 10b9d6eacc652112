"""The arguments of the components: the stack config's keys, spelt as in Pulumi, and the outputs among them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

import component_args
from chaninfra.channel.config.stack import OUTPUT_PLACEHOLDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.declaration import as_keys, declare
from chaninfra.pulumi.errors import camel_case, snake_case, spell

MINIMAL = {"provider": "minio", "endpoint_url": "https://minio.example.com", "bucket": "my-bucket"}


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    """Outputs want one."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def refused(**args: Any) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        declare("CondaChannel", "packages", {**MINIMAL, **args})
    return str(caught.value)


def test_the_types_of_the_arguments_are_as_the_models_say() -> None:
    assert component_args.FILE.read_text("utf-8") == component_args.text(), "make schemas"


def test_arguments_are_the_keys_in_another_spelling() -> None:
    args = {
        **MINIMAL,
        "prefix": "main",
        "old_versions_days": 30.0,
        "tags": {"cost_center": "7"},
        "publishers": {"ci_job": {"oidc": {"issuer": "https://i.example.com", "audience": "a", "subject": "s"}}},
        "region": None,
    }
    keys = as_keys(args, "config", "here")
    assert keys["endpoint-url"] == "https://minio.example.com"
    assert type(keys["old-versions-days"]) is int
    assert keys["tags"] == {"cost_center": "7"}
    assert set(keys["publishers"]) == {"ci_job"}
    assert declare("CondaChannel", "packages", args).stack == build_spec(keys, where="here")


def test_an_error_names_the_component_and_the_argument() -> None:
    message = refused(old_versions_days=-1)
    assert "CondaChannel 'packages', key old_versions_days" in message
    assert "old-versions-days" not in message
    assert "bukket" in refused(bukket="x")
    assert "`bucket`" in refused(bukket="x") or "'bucket'" in refused(bukket="x")


def test_a_host_of_other_languages_spells_them_as_they_do(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: spell(snake_case))
    spell(camel_case)
    assert "key oldVersionsDays" in refused(old_versions_days=-1)


@pytest.mark.parametrize("name", ["prefix", "bucket", "subdirs", "publishers", "visibility"])
def test_an_output_where_resources_follow_from_it_is_an_error_that_names_it(name: str) -> None:
    message = refused(**{name: pulumi.Output.from_input("x")})
    assert f"`{name}` is an output" in message


def test_credentials_are_no_arguments() -> None:
    message = refused(secret_access_key="s3cr3t")
    assert "pulumi config set" in message
    assert "--secret" in message
    assert "s3cr3t" not in message


def test_what_stands_for_an_output_passes_the_schema_and_is_replaced_once_it_is_known() -> None:
    arn = "arn:aws:iam::123456789012:role/builder"
    key = "arn:aws:kms:eu-central-1:123456789012:key/1"
    args = {
        "bucket": "my-bucket",
        "region": "eu-central-1",
        "publishers": {"ci": {"arn": pulumi.Output.from_input(arn)}},
        "aws": {"kms_key_arn": pulumi.Output.from_input(key), "log_bucket": pulumi.Output.from_input("logs")},
    }
    declared = declare("CondaChannel", "packages", args)
    assert declared.stack.channels[0].principals[0].arn == OUTPUT_PLACEHOLDERS["principal", "arn"]
    known: list[Any] = []
    output = declared.of(lambda stack: stack)
    assert isinstance(output, pulumi.Output)
    output.apply(known.append)
    asyncio.get_event_loop().run_until_complete(output.future())
    asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))
    stack = asyncio.get_event_loop().run_until_complete(output.future())
    assert stack is not None
    assert stack.channels[0].principals[0].arn == arn
    assert (stack.bucket.aws.kms_key_arn, stack.bucket.aws.log_bucket) == (key, "logs")
