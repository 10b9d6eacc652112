"""What a change of each property of the CloudFront types does; s3_table.py says what the sources are.

The stand-in forwards what an S3 origin behind an origin access control needs; caching is by cache policies only.
"""

from support.pulumi.standin.properties import Property, Source, same_set

TF = "terraform-provider-aws internal/service/cloudfront/"

_CONTROL = Source(TF + "origin_access_control.go (4.x)")
# "Defaults to "Managed by Pulumi" if omitted": the class's own documentation.
_CONTROL_DOCS = Source("pulumi-aws, OriginAccessControl.description")
_POLICY = Source(TF + "cache_policy.go (4.x)")
_HEADERS = Source(TF + "response_headers_policy.go (4.x)")
_FUNCTION = Source(TF + "function.go (5.x)")
_DISTRIBUTION = Source(TF + "distribution.go (5.x)")
_ARNS = Source("pulumi-aws 7, an output and no argument")
_NEWER = Source("pulumi-aws 7, Distribution's arguments; not looked up")
_TAGS = Source("terraform-provider-aws internal/verify/diff.go, SetTagsDiff")

CONTROL: dict[str, Property] = dict(
    [
        *_CONTROL.updatable("name"),
        *_CONTROL_DOCS.updatable("description", default="Managed by Pulumi"),
        *_CONTROL.updatable("originAccessControlOriginType", values=("s3", "mediastore", "mediapackagev2", "lambda")),
        *_CONTROL.updatable("signingBehavior", values=("never", "always", "no-override")),
        *_CONTROL.updatable("signingProtocol", values=("sigv4",)),
        *_CONTROL.computed("etag"),
        *_ARNS.computed("arn"),
    ]
)

_KEY = "parametersInCacheKeyAndForwardedToOrigin"

CACHE_POLICY: dict[str, Property] = dict(
    [
        *_POLICY.updatable("name comment"),
        *_POLICY.updatable("defaultTtl", default=86400),
        *_POLICY.updatable("maxTtl", default=31536000),
        *_POLICY.updatable("minTtl", default=0),
        *_POLICY.updatable(f"{_KEY} {_KEY}.enableAcceptEncodingBrotli {_KEY}.enableAcceptEncodingGzip"),
        *_POLICY.updatable(f"{_KEY}.cookiesConfig {_KEY}.cookiesConfig.cookies"),
        *_POLICY.updatable(f"{_KEY}.cookiesConfig.cookieBehavior", values=("none", "whitelist", "allExcept", "all")),
        *_POLICY.updatable(f"{_KEY}.cookiesConfig.cookies.items", same=same_set),
        *_POLICY.updatable(f"{_KEY}.headersConfig {_KEY}.headersConfig.headers"),
        *_POLICY.updatable(f"{_KEY}.headersConfig.headerBehavior", values=("none", "whitelist")),
        *_POLICY.updatable(f"{_KEY}.headersConfig.headers.items", same=same_set),
        *_POLICY.updatable(f"{_KEY}.queryStringsConfig {_KEY}.queryStringsConfig.queryStrings"),
        *_POLICY.updatable(
            f"{_KEY}.queryStringsConfig.queryStringBehavior", values=("none", "whitelist", "allExcept", "all")
        ),
        *_POLICY.updatable(f"{_KEY}.queryStringsConfig.queryStrings.items", same=same_set),
        *_POLICY.computed("etag"),
        *_ARNS.computed("arn"),
    ]
)

_SECURITY = "securityHeadersConfig"

HEADERS_POLICY: dict[str, Property] = dict(
    [
        *_HEADERS.updatable("name comment"),
        *_HEADERS.updatable(_SECURITY),
        *_HEADERS.updatable(f"{_SECURITY}.contentSecurityPolicy {_SECURITY}.contentSecurityPolicy.override"),
        *_HEADERS.updatable(f"{_SECURITY}.contentSecurityPolicy.contentSecurityPolicy"),
        *_HEADERS.updatable(f"{_SECURITY}.contentTypeOptions {_SECURITY}.contentTypeOptions.override"),
        *_HEADERS.updatable(f"{_SECURITY}.frameOptions {_SECURITY}.frameOptions.override"),
        *_HEADERS.updatable(f"{_SECURITY}.frameOptions.frameOption", values=("DENY", "SAMEORIGIN")),
        *_HEADERS.updatable(f"{_SECURITY}.referrerPolicy {_SECURITY}.referrerPolicy.override"),
        *_HEADERS.updatable(f"{_SECURITY}.referrerPolicy.referrerPolicy"),
        *_HEADERS.updatable(f"{_SECURITY}.strictTransportSecurity {_SECURITY}.xssProtection", forwarded=False),
        *_HEADERS.updatable("corsConfig customHeadersConfig removeHeadersConfig", forwarded=False),
        *_HEADERS.updatable("serverTimingHeadersConfig", forwarded=False),
        *_HEADERS.computed("etag"),
        *_ARNS.computed("arn"),
    ]
)

FUNCTION: dict[str, Property] = dict(
    [
        *_FUNCTION.replacing("name", keeps=True),
        *_FUNCTION.updatable("code comment"),
        *_FUNCTION.updatable("runtime", values=("cloudfront-js-1.0", "cloudfront-js-2.0")),
        *_FUNCTION.updatable("publish", default=True, local=True),
        *_FUNCTION.updatable("keyValueStoreAssociations", keeps=True, forwarded=False),
        *_NEWER.updatable("tags tagsAll", keeps=True, forwarded=False, free=True),
        *_FUNCTION.computed("arn etag liveStageEtag status"),
    ]
)


def _behavior(above: str) -> list[tuple[str, Property]]:
    return [
        *_DISTRIBUTION.updatable(f"{above} {above}.cachePolicyId {above}.targetOriginId"),
        *_DISTRIBUTION.updatable(f"{above}.originRequestPolicyId {above}.responseHeadersPolicyId"),
        *_DISTRIBUTION.updatable(f"{above}.compress", default=False),
        *_DISTRIBUTION.updatable(f"{above}.allowedMethods {above}.cachedMethods", same=same_set),
        *_DISTRIBUTION.updatable(
            f"{above}.viewerProtocolPolicy", values=("allow-all", "https-only", "redirect-to-https")
        ),
        *_DISTRIBUTION.updatable(
            f"{above}.defaultTtl {above}.maxTtl {above}.minTtl {above}.forwardedValues"
            f" {above}.lambdaFunctionAssociations {above}.fieldLevelEncryptionId {above}.realtimeLogConfigArn"
            f" {above}.smoothStreaming {above}.trustedKeyGroups {above}.trustedSigners",
            keeps=True,
            forwarded=False,
        ),
        *_DISTRIBUTION.updatable(f"{above}.functionAssociations", same=same_set),
        *_DISTRIBUTION.updatable(
            f"{above}.functionAssociations.eventType", values=("viewer-request", "viewer-response")
        ),
        *_DISTRIBUTION.updatable(f"{above}.functionAssociations.functionArn"),
        *_NEWER.updatable(f"{above}.grpcConfig", keeps=True, forwarded=False),
    ]


DISTRIBUTION: dict[str, Property] = dict(
    [
        *_DISTRIBUTION.updatable("enabled comment defaultRootObject webAclId"),
        *_DISTRIBUTION.updatable("aliases", same=same_set),
        *_DISTRIBUTION.updatable("httpVersion", default="http2", values=("http1.1", "http2", "http3", "http2and3")),
        *_DISTRIBUTION.updatable("isIpv6Enabled", default=False),
        *_DISTRIBUTION.updatable(
            "priceClass", default="PriceClass_All", values=("PriceClass_100", "PriceClass_200", "PriceClass_All")
        ),
        *_DISTRIBUTION.updatable("retainOnDelete", default=False, local=True),
        *_DISTRIBUTION.updatable("waitForDeployment", default=True, local=True),
        *_DISTRIBUTION.updatable("tags", free=True),
        *_TAGS.updatable("tagsAll", free=True),
        *_behavior("defaultCacheBehavior"),
        *_behavior("orderedCacheBehaviors"),
        *_DISTRIBUTION.updatable("orderedCacheBehaviors.pathPattern"),
        *_DISTRIBUTION.updatable("customErrorResponses", same=same_set),
        *_DISTRIBUTION.updatable("customErrorResponses.errorCode customErrorResponses.errorCachingMinTtl"),
        *_DISTRIBUTION.updatable("customErrorResponses.responseCode customErrorResponses.responsePagePath"),
        *_DISTRIBUTION.updatable("origins origins.domainName origins.originId origins.originAccessControlId"),
        *_DISTRIBUTION.updatable("origins.originPath", default=""),
        *_DISTRIBUTION.updatable("origins.connectionAttempts", default=3),
        *_DISTRIBUTION.updatable("origins.connectionTimeout", default=10),
        *_DISTRIBUTION.updatable(
            "origins.customHeaders origins.customOriginConfig origins.originShield origins.s3OriginConfig",
            forwarded=False,
        ),
        *_NEWER.updatable("origins.responseCompletionTimeout origins.vpcOriginConfig", keeps=True, forwarded=False),
        *_DISTRIBUTION.updatable("restrictions restrictions.geoRestriction"),
        *_DISTRIBUTION.updatable("restrictions.geoRestriction.locations", keeps=True, same=same_set),
        *_DISTRIBUTION.updatable(
            "restrictions.geoRestriction.restrictionType", values=("blacklist", "whitelist", "none")
        ),
        *_DISTRIBUTION.updatable("viewerCertificate viewerCertificate.acmCertificateArn"),
        *_DISTRIBUTION.updatable("viewerCertificate.cloudfrontDefaultCertificate"),
        *_DISTRIBUTION.updatable("viewerCertificate.iamCertificateId", forwarded=False),
        *_DISTRIBUTION.updatable("viewerCertificate.minimumProtocolVersion", default="TLSv1"),
        *_DISTRIBUTION.updatable("viewerCertificate.sslSupportMethod", values=("sni-only", "vip", "static-ip")),
        *_DISTRIBUTION.replacing("staging", default=False, forwarded=False),
        *_DISTRIBUTION.updatable(
            "continuousDeploymentPolicyId loggingConfig originGroups", keeps=True, forwarded=False
        ),
        *_NEWER.updatable(
            "anycastIpListId cacheTagConfig connectionFunctionAssociation viewerMtlsConfig", keeps=True, forwarded=False
        ),
        *_DISTRIBUTION.computed("arn callerReference domainName etag hostedZoneId lastModifiedTime status"),
        *_DISTRIBUTION.computed("inProgressValidationBatches"),
        *_DISTRIBUTION.computed("trustedKeyGroups trustedSigners", forwarded=False),
        *_NEWER.computed("loggingV1Enabled", forwarded=False),
    ]
)
