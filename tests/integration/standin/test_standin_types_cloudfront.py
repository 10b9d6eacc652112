"""The stand-in's CloudFront types against moto, without the engine."""

from itertools import pairwise
from typing import Any

import pytest

from support.pulumi.standin import provider
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.values import Bag
from support.servers.moto_cloudfront_policies import MANAGED

CONTROL = "aws:cloudfront/originAccessControl:OriginAccessControl"
CACHE_POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
FUNCTION = "aws:cloudfront/function:Function"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

OPTIMIZED, *_ = MANAGED
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")


def _behavior(**more: Any) -> Bag:
    return {
        "targetOriginId": "channel",
        "viewerProtocolPolicy": "redirect-to-https",
        "allowedMethods": ["GET", "HEAD"],
        "cachedMethods": ["GET", "HEAD"],
        "cachePolicyId": OPTIMIZED,
        **more,
    }


def _distribution(**more: Any) -> Bag:
    return {
        "enabled": True,
        "origins": [{"originId": "channel", "domainName": "channel.s3.eu-central-1.amazonaws.com"}],
        "defaultCacheBehavior": _behavior(),
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
        **more,
    }


def _control(aws: Aws, name: str) -> str:
    inputs = {
        "name": name,
        "originAccessControlOriginType": "s3",
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }
    return provider.create(aws, CONTROL, inputs)[0]


def _cache_policy(name: str, **more: Any) -> Bag:
    none = {
        "cookiesConfig": {"cookieBehavior": "none"},
        "headersConfig": {"headerBehavior": "none"},
        "queryStringsConfig": {"queryStringBehavior": "none"},
    }
    return {"name": name, "minTtl": 1, "parametersInCacheKeyAndForwardedToOrigin": {**none, **more}}


def _walk(aws: Aws, token: str, *steps: Bag) -> tuple[str, Bag]:
    """Creates the resource with the first of `steps`, and updates it in place to each of the others."""
    for inputs in steps:
        assert not provider.checked(token, "some", inputs, {})[1]
    id_, state = provider.create(aws, token, steps[0])
    for before, inputs in pairwise(steps):
        assert not provider.diff(aws, token, state, before)
        changed = provider.diff(aws, token, state, inputs)
        assert changed
        assert not any(change.replaces for change in changed)
        state = provider.update(aws, token, id_, state, inputs)
    assert not provider.diff(aws, token, state, steps[-1])
    found = provider.read(aws, token, id_, {}, {})
    assert found is not None
    assert not provider.diff(aws, token, found.state, steps[-1])
    assert not provider.checked(token, "some", found.inputs, {})[1]
    return id_, state


def test_an_origin_access_control(aws: Aws) -> None:
    inputs = {"name": "oac", "originAccessControlOriginType": "s3", "signingProtocol": "sigv4"}
    always = {**inputs, "signingBehavior": "always"}
    id_, state = _walk(aws, CONTROL, always, {**always, "description": "d", "signingBehavior": "never"}, always)
    assert state["description"] == "Managed by Pulumi"
    assert state["arn"] == f"arn:aws:cloudfront::123456789012:origin-access-control/{id_}"
    with pytest.raises(ProviderError, match=r"creating CloudFront Origin Access Control \(oac\): .*AlreadyExists: An"):
        provider.create(aws, CONTROL, always)
    provider.delete(aws, CONTROL, id_, state)
    provider.delete(aws, CONTROL, id_, state)
    assert provider.read(aws, CONTROL, id_, state, {}) is None
    given, _ = provider.checked(CONTROL, "channel", {name: always[name] for name in always.keys() - {"name"}}, {})
    assert given["name"].startswith("channel-")


def test_a_cache_policy(aws: Aws) -> None:
    headers = {"headersConfig": {"headerBehavior": "whitelist", "headers": {"items": ["Range", "Accept"]}}}
    plain = _cache_policy("policy")
    full = {**_cache_policy("policy", enableAcceptEncodingGzip=True, **headers), "maxTtl": 300, "defaultTtl": 60}
    id_, state = _walk(aws, CACHE_POLICY, plain, full, {**full, "comment": "c"}, plain)
    assert (state["defaultTtl"], state["maxTtl"]) == (86400, 31536000)
    with pytest.raises(ProviderError, match="CachePolicyAlreadyExists"):
        provider.create(aws, CACHE_POLICY, plain)
    managed = provider.read(aws, CACHE_POLICY, OPTIMIZED, {}, {})
    assert managed is not None
    assert managed.state["name"] == "Managed-CachingOptimized"
    provider.delete(aws, CACHE_POLICY, id_, state)
    assert provider.read(aws, CACHE_POLICY, id_, state, {}) is None


def _headers(name: str, policy: str = "default-src 'none'", **more: Any) -> Bag:
    content = {"contentSecurityPolicy": policy, "override": True}
    return {"name": name, "securityHeadersConfig": {"contentSecurityPolicy": content, **more}}


def _function(name: str, code: str = "function handler(event) { return event.request; }", **more: Any) -> Bag:
    return {"name": name, "runtime": "cloudfront-js-2.0", "code": code, **more}


def test_a_response_headers_policy(aws: Aws) -> None:
    plain = _headers("headers")
    full = _headers(
        "headers",
        "script-src 'self'",
        contentTypeOptions={"override": True},
        frameOptions={"frameOption": "DENY", "override": False},
        referrerPolicy={"referrerPolicy": "no-referrer", "override": True},
    )
    id_, state = _walk(aws, HEADERS_POLICY, plain, full, {**full, "comment": "c"}, plain)
    assert state["arn"] == f"arn:aws:cloudfront::123456789012:response-headers-policy/{id_}"
    with pytest.raises(ProviderError, match="ResponseHeadersPolicyAlreadyExists"):
        provider.create(aws, HEADERS_POLICY, plain)
    provider.delete(aws, HEADERS_POLICY, id_, state)
    assert provider.read(aws, HEADERS_POLICY, id_, state, {}) is None


def test_a_function_is_published_when_it_changes(aws: Aws) -> None:
    plain, other = _function("f"), _function("f", "function handler(event) {}", comment="c")
    id_, state = _walk(aws, FUNCTION, plain, other, plain)
    assert (id_, state["status"]) == ("f", "UNASSOCIATED")
    live = aws.client("cloudfront").describe_function(Name="f", Stage="LIVE")
    assert live["ETag"] == state["liveStageEtag"]
    with pytest.raises(ProviderError, match=r"creating CloudFront Function \(f\): .*AlreadyExists"):
        provider.create(aws, FUNCTION, plain)
    provider.delete(aws, FUNCTION, id_, state)
    provider.delete(aws, FUNCTION, id_, state)
    assert provider.read(aws, FUNCTION, id_, state, {}) is None


def test_what_a_behavior_names_has_to_be_there_and_stays(aws: Aws) -> None:
    policy, _ = provider.create(aws, HEADERS_POLICY, _headers("of-a-behavior"))
    name, made = provider.create(aws, FUNCTION, _function("of-a-behavior"))
    calls = [{"eventType": "viewer-request", "functionArn": made["arn"]}]
    inputs = _distribution(defaultCacheBehavior=_behavior(responseHeadersPolicyId=policy, functionAssociations=calls))
    id_, state = _walk(aws, DISTRIBUTION, _distribution(), inputs, _distribution(), inputs)
    for token, used in ((HEADERS_POLICY, policy), (FUNCTION, name)):
        read = provider.read(aws, token, used, {}, {})
        assert read is not None
        with pytest.raises(ProviderError, match="InUse: "):
            provider.delete(aws, token, used, read.state)
    provider.delete(aws, DISTRIBUTION, id_, state)
    _, unpublished = provider.create(aws, FUNCTION, _function("unpublished", publish=False))
    calls = [{"eventType": "viewer-request", "functionArn": unpublished["arn"]}]
    with pytest.raises(ProviderError, match="InvalidFunctionAssociation"):
        provider.create(aws, DISTRIBUTION, _distribution(defaultCacheBehavior=_behavior(functionAssociations=calls)))
    with pytest.raises(ProviderError, match="NoSuchResponseHeadersPolicy"):
        provider.create(aws, DISTRIBUTION, _distribution(defaultCacheBehavior=_behavior(responseHeadersPolicyId="x")))


def test_a_distribution_is_changed_in_place_and_read_from_the_server(aws: Aws) -> None:
    control = _control(aws, "of-a-distribution")
    policy, policys_state = provider.create(aws, CACHE_POLICY, _cache_policy("index"))
    origin = {**_distribution()["origins"][0], "originAccessControlId": control, "originPath": "/channel"}
    missing = {"errorCode": 403, "responseCode": 404, "responsePagePath": "/404.html", "errorCachingMinTtl": 5}
    bare = _distribution()
    full = _distribution(
        comment="a channel",
        origins=[origin],
        aliases=["conda.example.com"],
        viewerCertificate={
            "acmCertificateArn": CERTIFICATE,
            "sslSupportMethod": "sni-only",
            "minimumProtocolVersion": "TLSv1.2_2021",
        },
        orderedCacheBehaviors=[_behavior(pathPattern="*/repodata*", cachePolicyId=policy, compress=True)],
        customErrorResponses=[missing, {"errorCode": 404, "errorCachingMinTtl": 5}],
        httpVersion="http2and3",
        isIpv6Enabled=True,
        priceClass="PriceClass_100",
        tags={"channel": "c"},
    )
    disabled = {**full, "enabled": False, "tags": {"team": "data"}, "customErrorResponses": [missing]}
    id_, state = _walk(aws, DISTRIBUTION, bare, full, disabled, full)
    assert state["origins"] == [{**origin, "connectionAttempts": 3, "connectionTimeout": 10}]
    assert (state["status"], state["hostedZoneId"]) == ("Deployed", "Z2FDTNDATAQYW2")
    assert state["domainName"].endswith(".cloudfront.net")
    assert state["arn"] == f"arn:aws:cloudfront::123456789012:distribution/{id_}"
    reordered = {**full, "customErrorResponses": full["customErrorResponses"][::-1]}
    assert not provider.diff(aws, DISTRIBUTION, state, reordered)

    cloudfront = aws.client("cloudfront")
    answer = cloudfront.get_distribution_config(Id=id_)
    answer["DistributionConfig"]["Origins"]["Items"][0]["OriginAccessControlId"] = ""
    cloudfront.update_distribution(Id=id_, IfMatch=answer["ETag"], DistributionConfig=answer["DistributionConfig"])
    found = provider.read(aws, DISTRIBUTION, id_, state, full)
    assert found is not None
    drift = [change.path for change in provider.diff(aws, DISTRIBUTION, found.state, full)]
    assert drift == ["origins[0].originAccessControlId"]
    # The ETag in the state is an old one.
    state = provider.update(aws, DISTRIBUTION, id_, state, full)
    assert not provider.diff(aws, DISTRIBUTION, state, full)

    for token, used, its_state in ((CONTROL, control, {}), (CACHE_POLICY, policy, policys_state)):
        read = provider.read(aws, token, used, its_state, {})
        assert read is not None
        with pytest.raises(ProviderError, match="InUse: "):
            provider.delete(aws, token, used, read.state)
    provider.delete(aws, DISTRIBUTION, id_, state)
    assert provider.read(aws, DISTRIBUTION, id_, state, {}) is None
    provider.delete(aws, DISTRIBUTION, id_, state)
    provider.delete(aws, CACHE_POLICY, policy, policys_state)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"aliases": ["conda.refused.example"]}, "InvalidViewerCertificate: To add an alternate domain name"),
        (
            {"viewerCertificate": {"acmCertificateArn": CERTIFICATE.replace("us-east-1", "eu-west-1")}},
            "InvalidViewerCertificate: The specified SSL certificate",
        ),
        ({"defaultCacheBehavior": _behavior(cachePolicyId="none")}, "NoSuchCachePolicy"),
        ({"defaultCacheBehavior": _behavior(cachePolicyId="")}, "InvalidArgument: The parameter ForwardedValues"),
        (
            {"origins": [{**_distribution()["origins"][0], "originAccessControlId": "none"}]},
            "InvalidOriginAccessControl",
        ),
        ({"defaultCacheBehavior": _behavior(targetOriginId="other")}, "NoSuchOrigin"),
    ],
)
def test_errors_of_cloudfront(aws: Aws, more: Bag, reason: str) -> None:
    with pytest.raises(ProviderError, match=f"creating CloudFront Distribution: .*{reason}"):
        provider.create(aws, DISTRIBUTION, _distribution(**more))


def test_an_alias_belongs_to_one_distribution(aws: Aws) -> None:
    inputs = _distribution(aliases=["one.example.com"], viewerCertificate={"acmCertificateArn": CERTIFICATE})
    id_, state = provider.create(aws, DISTRIBUTION, {**inputs, "retainOnDelete": True})
    with pytest.raises(ProviderError, match="CNAMEAlreadyExists"):
        provider.create(aws, DISTRIBUTION, inputs)
    provider.delete(aws, DISTRIBUTION, id_, state)
    kept = provider.read(aws, DISTRIBUTION, id_, state, {})
    assert kept is not None
    assert not kept.state["enabled"]


def test_unsupported_properties_are_refused() -> None:
    old = {"forwardedValues": {"queryString": False, "cookies": {"forward": "none"}}}
    _, failures = provider.checked(DISTRIBUTION, "d", _distribution(defaultCacheBehavior=_behavior(**old)), {})
    assert [failure.path for failure in failures] == ["defaultCacheBehavior.forwardedValues"]
