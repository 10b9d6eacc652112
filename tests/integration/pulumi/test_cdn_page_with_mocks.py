"""What the CDN does for the pages of its channels, with Pulumi's mocks; the stand-in for AWS has the life of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config

from chaninfra.channel.page.files import content_security_policy
from chaninfra.pulumi.program import program

HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
FUNCTION = "aws:cloudfront/function:Function"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

pytestmark = pytest.mark.usefixtures("event_loop_for_mocks")


class Everything(mocks.Mocks):
    """Answers every resource with its inputs and the outputs that AWS would add."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.typ] = args.inputs
        return args.name, {**args.inputs, "arn": f"arn:aws:x:::{args.name}", "domainName": "d1.cloudfront.net"}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {**args.args, "arn": "arn:aws:iam::123456789012:user/me", "accountId": "123456789012", "id": "x"}


@pytest.fixture(autouse=True)
def _no_config_after() -> Iterator[None]:
    yield
    set_all_config({}, [])


def made(**keys: Any) -> dict[str, dict[str, Any]]:
    """Type → inputs of the resources of a stack behind a CDN."""
    config = {"provider": "aws", "region": "eu-central-1", "bucket": "my-bucket", "visibility": "public", "cdn": {}}
    values = {**config, **keys}
    set_all_config(
        {f"chaninfra:{key}": one if isinstance(one, str) else json.dumps(one) for key, one in values.items()}
    )
    everything = Everything()
    mocks.set_mocks(everything, project="chaninfra", stack="test", preview=False)
    pulumi_test(program)()
    return everything.made


def behaviors(distribution: dict[str, Any]) -> dict[str, dict[str, Any]]:
    ordered = {one["pathPattern"]: one for one in distribution["orderedCacheBehaviors"]}
    return {**ordered, "*": distribution["defaultCacheBehavior"]}


def test_a_stack_without_a_page_has_nothing_for_it() -> None:
    for keys in ({"page": False}, {"page": False, "prefix": ""}, {"channels": {"a": {}, "b": {}}, "page": False}):
        found = made(**keys)
        assert HEADERS not in found
        assert FUNCTION not in found
        assert found[DISTRIBUTION]["defaultRootObject"] == "channel.json"
        each = behaviors(found[DISTRIBUTION])
        assert [*each] == ["*.conda", "*.tar.bz2", "*.zst", "*"]
        assert all("responseHeadersPolicyId" not in one and "functionAssociations" not in one for one in each.values())


def test_the_answers_have_the_policy_of_the_page() -> None:
    found = made(prefix="team/main")
    policy = found[HEADERS]["securityHeadersConfig"]
    assert policy == {
        "contentSecurityPolicy": {
            "contentSecurityPolicy": f"{content_security_policy()}; frame-ancestors 'none'",
            "override": True,
        },
        "contentTypeOptions": {"override": True},
        "frameOptions": {"frameOption": "DENY", "override": True},
        "referrerPolicy": {"referrerPolicy": "no-referrer", "override": True},
    }
    assert "script-src 'self'" in content_security_policy()
    each = behaviors(found[DISTRIBUTION])
    assert [*each] == ["*.conda", "*.tar.bz2", "*.zst", "*/", "*"]
    assert {one["responseHeadersPolicyId"] for one in each.values()} == {"bucket-cdn-headers"}


def test_only_a_request_for_a_folder_runs_the_function() -> None:
    found = made(channels={"a": {"page": False}, "b": {}})
    each = behaviors(found[DISTRIBUTION])
    assert [pattern for pattern, one in each.items() if "functionAssociations" in one] == ["*/"]
    assert each["*/"]["functionAssociations"] == [
        {"eventType": "viewer-request", "functionArn": "arn:aws:x:::bucket-cdn-page"}
    ]
    assert each["*/"]["cachePolicyId"] == each["*"]["cachePolicyId"]
    assert found[FUNCTION]["publish"] is True
    assert found[DISTRIBUTION]["defaultRootObject"] == "channel.json"


def test_a_bucket_that_is_the_channel_answers_with_the_page() -> None:
    assert made(prefix="")[DISTRIBUTION]["defaultRootObject"] == "index.html"


NAMED = {
    FUNCTION: 64,
    "aws:cloudfront/originAccessControl:OriginAccessControl": 64,
    "aws:cloudfront/cachePolicy:CachePolicy": 128,
    HEADERS: 128,
}
"""Type → most characters of the name."""


def test_a_short_component_name_is_left_to_pulumi() -> None:
    found = made(prefix="main")
    assert all("name" not in found[kind] for kind in NAMED)


def test_a_component_name_that_is_too_long_for_cloudfront_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[program.__module__], "_NAME", "packages.of.the.team-" * 6)
    one, other = made(prefix="main"), made(prefix="other", bucket="other-bucket")
    for kind, longest in NAMED.items():
        name = one[kind]["name"]
        assert len(name) == longest
        assert re.fullmatch("[A-Za-z0-9_-]+", name)
        assert other[kind]["name"] != name
    # Of what Pulumi would append a hyphen and 7 digits to.
    monkeypatch.setattr(sys.modules[program.__module__], "_NAME", "x" * (64 - len("-cdn-page") - 8))
    assert "name" not in made(prefix="main")[FUNCTION]
    for name in ("x" * (65 - len("-cdn-page") - 8), "my.channel"):
        monkeypatch.setattr(sys.modules[program.__module__], "_NAME", name)
        assert re.fullmatch("[A-Za-z0-9_-]{1,64}", made(prefix="main")[FUNCTION]["name"])
