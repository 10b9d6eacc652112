"""What CloudFront does for the pages of channels: headers, and the page at a URL that ends in a slash."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from chaninfra.channel.conda.object_names import CHANNEL_JSON, INDEX_HTML
from chaninfra.channel.page.files import content_security_policy
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.aws.cdn_names import LONG, SHORT, given_name

FOLDERS = "*/"
"""The path pattern of the requests that run the function, so that no request for a file pays for it."""

CODE = f"""function handler(event) {{
  var request = event.request;
  if (request.uri.endsWith("/")) request.uri += "{INDEX_HTML}";
  return request;
}}
"""
"""The function: S3 has no index documents for a private bucket (CloudFront Developer Guide, "Write function code")."""


@dataclass(frozen=True)
class PageParts:
    """What the cache behaviors name."""

    headers: pulumi.Output[str]
    """Id of the response headers policy, of all answers: publishers can put files of any type where they publish."""
    function: pulumi.Output[str]
    """ARN of the function."""


def page_parts(name: str, stack: StackSpec, about: str, opts: pulumi.ResourceOptions) -> PageParts | None:
    """The policy and the function; None if no channel of the bucket has a page."""
    if not any(channel.page for channel in stack.channels):
        return None
    from pulumi_aws import cloudfront

    headers = cloudfront.ResponseHeadersPolicy(
        f"{name}-cdn-headers",
        name=given_name(f"{name}-cdn-headers", stack, LONG),
        comment=about,
        security_headers_config={
            # frame-ancestors has no effect in the page's own <meta>.
            "content_security_policy": {
                "content_security_policy": f"{content_security_policy()}; frame-ancestors 'none'",
                "override": True,
            },
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": True},
            "referrer_policy": {"referrer_policy": "no-referrer", "override": True},
        },
        opts=opts,
    )
    function = cloudfront.Function(
        f"{name}-cdn-page",
        name=given_name(f"{name}-cdn-page", stack, SHORT, plain=True),
        comment=about,
        runtime="cloudfront-js-2.0",
        code=CODE,
        publish=True,
        opts=opts,
    )
    return PageParts(headers.id, function.arn)


def root_object(stack: StackSpec) -> str:
    """What answers at `/`. Without one, a request for it would list the bucket."""
    whole = next((channel for channel in stack.channels if not channel.prefix), None)
    return INDEX_HTML if whole and whole.page else CHANNEL_JSON
