"""The program either refuses a config that the schema accepts, or runs: generated configs, Pulumi's mocks.

The mocks replace the engine and the stores, since no store could run so many combinations in seconds. The resources are
still those of pulumi-aws's classes, which check their arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config

from chaninfra.channel.config.schema import STACK_CONFIG, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.aws import function
from chaninfra.pulumi.program import declared, program, read_config
from support.pulumi.code_package_standin import code_package

ACCOUNT = "123456789012"


class Everything(mocks.Mocks):
    """Answers every resource with its inputs and the outputs that AWS would add."""

    def __init__(self) -> None:
        self.made: list[mocks.MockResourceArgs] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made.append(args)
        return args.name, {**args.inputs, "arn": f"arn:aws:x:::{args.name}", "domainName": "d1.cloudfront.net"}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {**args.args, "arn": f"arn:aws:iam::{ACCOUNT}:user/me", "accountId": ACCOUNT, "id": "x"}


def optional(strategies: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=strategies)


github = st.fixed_dictionaries(
    {"repository": st.sampled_from(["acme/packages", "acme-x/a.b"])},
    optional={
        "branch": st.sampled_from(["main", "release/*"]),
        "tag": st.sampled_from(["v1", "v*"]),
        "ref": st.sampled_from(["refs/heads/main"]),
        "environment": st.sampled_from(["release", "a: b"]),
        "pull-request": st.booleans(),
        "workflow": st.sampled_from(
            ["acme/ci/.github/workflows/p.yml@refs/heads/main", "acme/ci/.github/workflows/p.yml@refs/*"]
        ),
        "owner-id": st.just("1"),
        "repository-id": st.just("2"),
    },
)
gitlab = st.fixed_dictionaries(
    {"project": st.sampled_from(["acme/packages", "acme/a/b"])},
    optional={"branch": st.just("main"), "tag": st.just("v*"), "host": st.just("gitlab.example.com")},
)
oidc = st.fixed_dictionaries(
    {
        "issuer": st.sampled_from(["https://idp.example.com", "https://idp.example.com/a"]),
        "audience": st.just("conda"),
        "subject": st.sampled_from(["me", "system:me"]),
    }
)
arn = st.sampled_from([ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/x", f"arn:aws:iam::{ACCOUNT}:user/a/b"])
kinds = {"github": github, "gitlab": gitlab, "oidc": oidc, "arn": arn, "key": optional({"rotate": st.just("1")})}
names = st.sampled_from(["ci", "a-b", "a.b", "ops"])
principals = st.dictionaries(names, optional(kinds), max_size=2)
sources = st.lists(st.sampled_from(["s3://staging", "s3://staging/main", "s3://my-bucket/nightly"]), max_size=3)
promoters = st.dictionaries(names, optional({**kinds, "from": sources}), max_size=2)
NETWORK = {"subnet-ids": ["subnet-0a"], "security-group-ids": ["sg-0a"]}
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:on-call"
MONOLITHS = ["each-commit", "never", {"at-most-every": "10m"}]
channel = {
    "visibility": st.sampled_from(["private", "organization", "public"]),
    "subdirs": st.sampled_from([["linux-64"], ["osx-arm64", "win-64"], ["noarch"]]),
    "auth": st.sampled_from(["aws", "pixi", "public"]),
    "publishers": principals,
    "readers": principals,
    "maintainers": principals,
    "promoters": promoters,
    "index": optional(
        {
            "compression-level": st.integers(1, 22),
            "monolith": st.sampled_from(MONOLITHS),
            "follow": optional({"overwrites": st.just("index")}),
        }
    ),
}
aws = optional(
    {
        "organization-id": st.just("o-a1b2c3d4e5"),
        "kms-key-arn": st.just(f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"),
        "log-bucket": st.just("logs"),
        "log-prefix": st.just("conda/"),
        "no-overwrite": st.booleans(),
        "vpc-endpoints": st.just(["vpce-0a1b"]),
        "roles": optional({"path": st.just("/conda/"), "name-prefix": st.just("x" * 32)}),
        "follow": st.sampled_from([{}, NETWORK, {**NETWORK, "alarm-topic": TOPIC}]),
        "existing-oidc-providers": st.just(["https://token.actions.githubusercontent.com"]),
    }
)
configs = st.fixed_dictionaries(
    {"bucket": st.sampled_from(["my-bucket", "b" * 63])},
    optional={
        **channel,
        "provider": st.sampled_from(["aws", "minio", "b2", "r2", "versitygw"]),
        "region": st.sampled_from(["eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1"]),
        "endpoint-url": st.sampled_from(["https://s3.example.com", "http://127.0.0.1:1"]),
        "prefix": st.sampled_from(["my-channel", "a/b", ""]),
        "adopt": st.booleans(),
        "force-destroy": st.booleans(),
        "protect": st.booleans(),
        "versioning": st.booleans(),
        "encryption": st.just("sse-s3"),
        "old-versions-days": st.integers(1, 400),
        "open-uploads-days": st.integers(1, 30),
        "cors-origins": st.just(["https://docs.example.com"]),
        "tags": st.just({"team": "x"}),
        "aws": aws,
        "cdn": optional(
            {
                "domain": st.just("conda.example.com"),
                "certificate-arn": st.just(f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1"),
            }
        ),
        "channels": st.dictionaries(st.sampled_from(["stable", "nightly"]), optional(channel), min_size=1),
    },
)


def behind_cdn(config: dict[str, Any]) -> dict[str, Any]:
    """The config with what a CDN needs, which few generated configs have."""
    named = {"domain": "conda.example.com", "certificate-arn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1"}
    channels = {name: {**keys, "visibility": "public"} for name, keys in config.get("channels", {}).items()}
    return {
        **config,
        **({"channels": channels} if channels else {}),
        "provider": "aws",
        "region": "eu-central-1",
        "visibility": "public",
        "cdn": named if config.get("protect") else {},
        "aws": {
            key: value
            for key, value in config.get("aws", {}).items()
            if key not in ("organization-id", "vpc-endpoints")
        },
    }


def spec_or_error() -> tuple[StackSpec | None, ConfigurationError | None]:
    try:
        return declared(read_config()).stack, None
    except ConfigurationError as error:
        return None, error


@pytest.fixture(autouse=True)
def _code_that_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "code_package", code_package)


@pytest.fixture(autouse=True)
def _no_region_around(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    yield
    set_all_config({}, [])


@pytest.mark.usefixtures("event_loop_for_mocks")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(configs, configs.map(behind_cdn)))
def test_a_config_is_refused_with_a_reason_or_the_program_runs_with_mocks(config: dict[str, Any]) -> None:
    validate(config, STACK_CONFIG, where="generated", part="config")
    set_all_config(
        {f"chaninfra:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    )
    everything = Everything()
    mocks.set_mocks(everything, project="chaninfra", stack="test", preview=False)
    spec, refusal = spec_or_error()
    if spec is None:
        assert refusal is not None
        assert refusal.where, refusal
        assert refusal.remedy, refusal
        return

    pulumi_test(program)()
    made = {args.typ for args in everything.made}
    assert "chaninfra:index:CondaChannel" in made
    on_aws = spec.bucket.provider.backend == "aws"
    assert ("aws:s3/bucket:Bucket" in made) == (on_aws and not spec.bucket.adopt)
    assert ("aws:cloudfront/distribution:Distribution" in made) == (spec.bucket.cdn is not None)
    with_roles = [one for each in spec.channels for one in each.principals if one.token and on_aws]
    follows = on_aws and bool(spec.following)
    assert len([args for args in everything.made if args.typ == "aws:iam/role:Role"]) == len(with_roles) + follows
    mappings = [args for args in everything.made if args.typ == "aws:lambda/eventSourceMapping:EventSourceMapping"]
    assert len(mappings) == follows
    names = [args.inputs["name"] for args in everything.made if args.typ == "aws:iam/role:Role"]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 64 for name in names)
    assert pulumi.get_project() == "chaninfra"
