"""A CloudFront distribution in front of a bucket that stays private, as resources of pulumi-aws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.providers.aws_partitions import dns_suffix
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.aws.cdn_names import LONG, SHORT, given_name
from chaninfra.pulumi.backends.aws.cdn_page import FOLDERS, PageParts, page_parts, root_object
from chaninfra.pulumi.backends.base import Cdn
from chaninfra.pulumi.declaration import Declaration

_ORIGIN = "bucket"

_LONGEST_TTL = 365 * 24 * 60 * 60


def distribution(declaration: Declaration, opts: pulumi.ResourceOptions) -> Cdn:
    """The distribution; only it may read from the bucket (origin access control)."""
    from pulumi_aws import cloudfront

    name, stack = declaration.name, declaration.stack
    spec, keys = stack.bucket, stack.bucket.cdn or CdnConfig()
    about = f"conda channels in s3://{spec.name}"
    control = cloudfront.OriginAccessControl(
        f"{name}-cdn-access",
        name=given_name(f"{name}-cdn-access", stack, SHORT),
        description=about,
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
        opts=opts,
    )
    policies = {
        kind: cloudfront.CachePolicy(
            f"{name}-cdn-{kind}",
            name=given_name(f"{name}-cdn-{kind}", stack, LONG),
            comment=about,
            # 0 and the maximum: a file's own Cache-Control takes precedence.
            min_ttl=0,
            default_ttl=ttl,
            max_ttl=_LONGEST_TTL,
            parameters_in_cache_key_and_forwarded_to_origin=_cache_key(
                stack, compressed=any(behavior.compress for behavior in BEHAVIORS if behavior.kind == kind)
            ),
            opts=opts,
        )
        for kind, ttl in DEFAULT_TTLS.items()
    }
    page = page_parts(name, stack, about, opts)
    cache_behaviors = [
        (behavior.pattern, _cache_behavior(behavior, policies[behavior.kind].id, page))
        for behavior in BEHAVIORS
        if page or behavior.pattern != FOLDERS
    ]
    resource = cloudfront.Distribution(
        f"{name}-cdn",
        comment=about,
        enabled=True,
        is_ipv6_enabled=True,
        http_version="http2and3",
        aliases=[keys.domain] if keys.domain else None,
        default_root_object=root_object(stack),
        origins=[
            cloudfront.DistributionOriginArgs(
                origin_id=_ORIGIN,
                domain_name=f"{spec.name}.s3.{spec.location.region}.{dns_suffix(spec.location.region)}",
                origin_access_control_id=control.id,
            )
        ],
        default_cache_behavior=next(args for pattern, args in cache_behaviors if pattern is None),
        ordered_cache_behaviors=[
            args | {"path_pattern": pattern} for pattern, args in cache_behaviors if pattern is not None
        ],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate=declaration.apply(_certificate),
        tags=dict(spec.settings.tags) or None,
        opts=opts,
    )
    return Cdn(id=resource.id, arn=resource.arn, domain_name=resource.domain_name)


def _certificate(stack: StackSpec) -> Any:
    keys = stack.bucket.cdn or CdnConfig()
    if keys.certificate_arn is None:
        return {"cloudfront_default_certificate": True}
    return {
        "acm_certificate_arn": keys.certificate_arn,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": "TLSv1.2_2021",
    }


def _cache_behavior(behavior: Behavior, policy: pulumi.Output[str], page: PageParts | None) -> Any:
    more: Any = {"response_headers_policy_id": page.headers} if page else {}
    if page and behavior.pattern == FOLDERS:
        more["function_associations"] = [{"event_type": "viewer-request", "function_arn": page.function}]
    return more | {
        "target_origin_id": _ORIGIN,
        "viewer_protocol_policy": "https-only",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": policy,
        "compress": behavior.compress,
    }


def _cache_key(stack: StackSpec, *, compressed: bool) -> Any:
    """The parts of a request that CloudFront caches by and forwards to the bucket."""
    headers: Any = {"header_behavior": "none"}
    if stack.bucket.settings.cors_origins:
        # S3 answers a request with an allowed Origin with CORS headers.
        headers = {"header_behavior": "whitelist", "headers": {"items": ["Origin"]}}
    return {
        "cookies_config": {"cookie_behavior": "none"},
        "headers_config": headers,
        "query_strings_config": {"query_string_behavior": "none"},
        "enable_accept_encoding_brotli": compressed,
        "enable_accept_encoding_gzip": compressed,
    }


Kind = Literal["index", "packages"]

DEFAULT_TTLS: dict[Kind, int] = {"index": 300, "packages": 365 * 24 * 60 * 60}
"""Seconds that CloudFront caches a file without Cache-Control.

Packages have none: their bytes do not change, and `chaninfra publish` invalidates a package that it overwrites.
"""


@dataclass(frozen=True)
class Behavior:
    """How CloudFront serves files whose path matches `pattern` (None: all others)."""

    pattern: str | None
    kind: Kind
    compress: bool


BEHAVIORS = (
    *(Behavior(f"*{suffix}", "packages", compress=False) for suffix in PACKAGE_SUFFIXES),
    Behavior("*.zst", "index", compress=False),
    Behavior(FOLDERS, "index", compress=True),
    Behavior(None, "index", compress=True),
)
"""The first match applies. That of `FOLDERS` is there only where a channel of the bucket has a page."""
