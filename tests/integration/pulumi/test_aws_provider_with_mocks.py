"""The AWS provider that the stack program declares for each config, with Pulumi's mocks in place of the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config

from chaninfra.channel.errors import ConfigurationError
from chaninfra.pulumi.program import declared, program, read_config
from support.pulumi.mocks import Echo

BUCKET = {"chaninfra:bucket": "my-bucket", "chaninfra:provider": "aws"}
VPC = "https://bucket.vpce-0a1b-2c3d.s3.eu-central-1.vpce.amazonaws.com"
AT_VPC = {**BUCKET, "chaninfra:endpoint-url": VPC, "aws:region": "eu-central-1"}
CONTROL = "https://control.vpce-0a1b-2c3d.s3.eu-central-1.vpce.amazonaws.com"
# What pulumi-aws itself adds.
DEFAULTS = {"skipCredentialsValidation": False, "skipRegionValidation": True}

pytestmark = pytest.mark.usefixtures("event_loop_for_mocks")


@pytest.fixture(autouse=True)
def _no_region_around(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    yield
    set_all_config({}, [])


def declared_provider(config: dict[str, str]) -> dict[str, Any] | None:
    """The arguments of the AWS provider; None if Pulumi's default provider is used."""

    class Watching(Echo):
        found: dict[str, Any] | None = None

        def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            if args.typ == "pulumi:providers:aws":
                self.found = args.inputs
            return super().new_resource(args)

    set_all_config(config)
    watching = Watching()
    mocks.set_mocks(watching, project="chaninfra", stack="test", preview=False)
    pulumi_test(program)()
    if watching.found is None:
        return None
    texts = {"region", "profile", "httpProxy", "customCaBundle"}
    return {name: value if name in texts else json.loads(value) for name, value in watching.found.items()}


def test_the_default_provider_is_used_where_it_suits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert declared_provider({**BUCKET, "aws:region": "eu-central-1"}) is None
    assert declared_provider({**BUCKET, "aws:region": "eu-central-1", "aws:profile": "team"}) is None
    assert declared_provider({**BUCKET, "aws:region": "eu-west-1", "chaninfra:region": "eu-central-1"}) == {
        "region": "eu-central-1",
        **DEFAULTS,
    }
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert declared_provider(BUCKET) == {"region": "eu-west-2", **DEFAULTS}


def test_an_endpoint_is_all_that_differs_behind_it() -> None:
    """A VPC endpoint of S3 replaces neither STS nor IAM nor the metadata of an instance, and the provider reads each
    bucket's tags by S3 Control, which needs the account."""
    assert declared_provider(AT_VPC) == {
        "region": "eu-central-1",
        "endpoints": [{"s3": VPC}],
        "s3UsePathStyle": False,
        **DEFAULTS,
    }


@pytest.mark.parametrize("given", [[{"s3control": CONTROL}], [{"s3control": CONTROL, "s3": VPC}]])
def test_the_user_s_own_endpoints_are_kept(given: list[dict[str, str]]) -> None:
    sts = "https://vpce-1.sts.eu-central-1.vpce.amazonaws.com"
    made = declared_provider({**AT_VPC, "aws:endpoints": json.dumps([*given, {"sts": sts}])})
    assert made is not None
    assert made["endpoints"] == [{"s3control": CONTROL, "sts": sts, "s3": VPC}]


def test_what_the_user_says_is_passed() -> None:
    said = {
        "aws:skipMetadataApiCheck": "true",
        "aws:skipRequestingAccountId": "true",
        "aws:skipCredentialsValidation": "true",
        "aws:s3UsePathStyle": "true",
        "aws:httpProxy": "http://proxy.example.com:3128",
    }
    made = declared_provider({**AT_VPC, **said})
    assert made is not None
    passed = {name.partition(":")[2]: value for name, value in said.items()}
    assert {name: value if name == "httpProxy" else json.dumps(value) for name, value in made.items()}.items() >= (
        passed.items()
    )


@pytest.mark.parametrize("config", [AT_VPC, {**BUCKET, "aws:region": "eu-central-1"}])
def test_two_endpoints_of_s3_are_refused(config: dict[str, str]) -> None:
    """chaninfra's own resources would use one of them, and the provider's the other."""
    set_all_config({**config, "aws:endpoints": '[{"s3": "https://other.example.com"}]'})
    mocks.set_mocks(Echo(), project="chaninfra", stack="test", preview=False)
    with pytest.raises(ConfigurationError, match=r"but https://other\.example\.com by aws:endpoints") as caught:
        declared(read_config())
    assert caught.value.key == ("endpoint-url",)
    assert "endpoint-url" in str(caught.value.remedy)
