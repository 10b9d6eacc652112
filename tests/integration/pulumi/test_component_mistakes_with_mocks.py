"""Arguments that the components refuse before any resource is declared. Pulumi's mocks replace the engine."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from chaninfra.pulumi import CondaChannel, Publisher, Reader
from support.pulumi.mocks import Echo

GITHUB = {"repository": "acme/packages", "branch": "main"}
CHANNEL = {
    "version": 1,
    "name": "main",
    "provider": "r2",
    "bucket": "my-bucket",
    "prefix": "main",
    "url": "s3://my-bucket/main",
    "endpoint-url": "https://1.r2.cloudflarestorage.com",
    "region": "auto",
    "force-path-style": False,
    "visibility": "private",
    "auth": "pixi",
    "subdirs": ["noarch"],
}


@pytest.fixture(autouse=True)
def _engine(event_loop_for_mocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    pulumi.runtime.set_mocks(Echo())


@pytest.mark.parametrize(
    ("component", "args", "message"),
    [
        (CondaChannel, {"bucket": "my-bucket", "region": "us-west-2"}, "give the component an aws.Provider"),
        (CondaChannel, {"bucket": "my-bucket", "profile": "other"}, "key profile"),
        (CondaChannel, {"provider": "minio", "bucket": "my-bucket"}, "key endpoint_url"),
        (CondaChannel, {"bucket": "my-bucket", "channels": {"a": {}}}, "declare a ChannelBucket"),
        (Publisher, {"github": GITHUB}, "`channel` is missing"),
        (Publisher, {"channel": {}, "key": {}}, "has no principals of the kind `key`"),
        (Publisher, {"channel": {}, "github": {**GITHUB, "repository": "*/x"}}, "github.repository"),
        (Publisher, {"channel": {}}, "exactly one of"),
        (Reader, {"channel": {}, "provider": "versitygw", "key": {}}, "have no policies of their own"),
        (Publisher, {"channel": {}, "provider": "ceph", "key": {}}, "an object is its writer's"),
        (Reader, {"channel": {}, "provider": "minio", "github": GITHUB}, "for the whole channel"),
        (Reader, {"channel": CHANNEL, "key": {}}, "no API that makes access keys"),
        (Reader, {"channel": {}, "provider": "minoi", "key": {}}, "did you mean 'minio'"),
        (Reader, {"channel": {}, "provider": "minio", "key": pulumi.Output}, "key key"),
    ],
)
def test_an_argument_is_refused_with_mocks(component: Any, args: dict[str, Any], message: str) -> None:
    if args.get("key") is pulumi.Output:
        args = {**args, "key": pulumi.Output.from_input({})}
    with pytest.raises(pulumi.RunError) as caught:
        component("packages", args)
    assert message in str(caught.value)
    assert f"{component.__name__} 'packages'" in str(caught.value)


def test_the_preflight_knows_the_region_of_the_provider_with_mocks() -> None:
    inputs: dict[str, Any] = {}

    class Watching(Echo):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
            if args.typ == "pulumi-python:dynamic/chaninfra:Preflight":
                inputs[args.name] = args.inputs
            return super().new_resource(args)

    pulumi.runtime.set_mocks(Watching())

    def program() -> None:
        import pulumi_aws

        provider = pulumi_aws.Provider("ours", region="us-west-2")
        args: Any = {"bucket": "my-bucket", "region": "eu-central-1"}
        CondaChannel("packages", args, pulumi.ResourceOptions(providers=[provider]))
        CondaChannel("others", args)

    pulumi.runtime.test(program)()
    assert inputs["packages-preflight"]["provider-region"] == "us-west-2"
    assert "provider-region" not in inputs["others-preflight"]
