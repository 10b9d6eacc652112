"""Between a distribution's properties and CloudFront's DistributionConfig; of what the table says is forwarded."""

from typing import Any

from support.pulumi.standin.values import Bag

from .cloudfront_table import DISTRIBUTION

# Pulumi's names of what the two have alike, and the API's.
_TOP = {
    "enabled": "Enabled",
    "comment": "Comment",
    "defaultRootObject": "DefaultRootObject",
    "webAclId": "WebACLId",
    "httpVersion": "HttpVersion",
    "isIpv6Enabled": "IsIPV6Enabled",
    "priceClass": "PriceClass",
}
_BEHAVIOR = {
    "pathPattern": "PathPattern",
    "targetOriginId": "TargetOriginId",
    "viewerProtocolPolicy": "ViewerProtocolPolicy",
    "cachePolicyId": "CachePolicyId",
    "originRequestPolicyId": "OriginRequestPolicyId",
    "responseHeadersPolicyId": "ResponseHeadersPolicyId",
    "compress": "Compress",
}
_ORIGIN = {
    "originId": "Id",
    "domainName": "DomainName",
    "originPath": "OriginPath",
    "originAccessControlId": "OriginAccessControlId",
    "connectionAttempts": "ConnectionAttempts",
    "connectionTimeout": "ConnectionTimeout",
}
_ERROR = {
    "errorCode": "ErrorCode",
    "errorCachingMinTtl": "ErrorCachingMinTTL",
    "responsePagePath": "ResponsePagePath",
}
_CERTIFICATE = {
    "acmCertificateArn": "ACMCertificateArn",
    "cloudfrontDefaultCertificate": "CloudFrontDefaultCertificate",
    "minimumProtocolVersion": "MinimumProtocolVersion",
    "sslSupportMethod": "SSLSupportMethod",
}


def expanded(inputs: Bag) -> Bag:
    """expandDistributionConfig"""
    geo = inputs["restrictions"]["geoRestriction"]
    # What is not said is false; moto takes it for true.
    given = {"cloudfrontDefaultCertificate": False, **inputs["viewerCertificate"]}
    certificate = _to_api(_CERTIFICATE, "viewerCertificate.", given)
    if certificate["CloudFrontDefaultCertificate"]:
        # expandViewerCertificate: beside the default certificate the API takes nothing else.
        certificate = {"CloudFrontDefaultCertificate": True}
    empty = {"Comment": "", "DefaultRootObject": "", "WebACLId": ""}
    return {
        **empty,
        **_to_api(_TOP, "", inputs),
        "Aliases": _counted(inputs.get("aliases", [])),
        "CacheBehaviors": _counted([_expanded_behavior(one) for one in inputs.get("orderedCacheBehaviors", [])]),
        "CustomErrorResponses": _counted([_expanded_error(one) for one in inputs.get("customErrorResponses", [])]),
        "DefaultCacheBehavior": _expanded_behavior(inputs["defaultCacheBehavior"]),
        "Origins": _counted([_expanded_origin(origin) for origin in inputs["origins"]]),
        "Restrictions": {
            "GeoRestriction": {"RestrictionType": geo["restrictionType"], **_counted(geo.get("locations", []))}
        },
        "ViewerCertificate": certificate,
    }


def flattened(config: Bag) -> Bag:
    """flattenDistributionConfig"""
    geo = config["Restrictions"]["GeoRestriction"]
    return {
        **_from_api(_TOP, config),
        "callerReference": config["CallerReference"],
        "aliases": _items(config["Aliases"]),
        "customErrorResponses": [_flattened_error(one) for one in _items(config["CustomErrorResponses"])],
        "defaultCacheBehavior": _flattened_behavior(config["DefaultCacheBehavior"]),
        "orderedCacheBehaviors": [_flattened_behavior(one) for one in _items(config["CacheBehaviors"])],
        "origins": [_from_api(_ORIGIN, origin) for origin in _items(config["Origins"])],
        "restrictions": {"geoRestriction": {"restrictionType": geo["RestrictionType"], "locations": _items(geo)}},
        "viewerCertificate": _flattened_certificate(config["ViewerCertificate"]),
    }


def _expanded_behavior(behavior: Bag) -> Bag:
    methods = {**_counted(behavior["allowedMethods"]), "CachedMethods": _counted(behavior["cachedMethods"])}
    functions = [
        {"FunctionARN": one["functionArn"], "EventType": one["eventType"]}
        for one in behavior.get("functionAssociations", [])
    ]
    return {
        "Compress": False,
        **_to_api(_BEHAVIOR, "", behavior),
        "AllowedMethods": methods,
        "FunctionAssociations": _counted(functions),
    }


def _flattened_behavior(behavior: Bag) -> Bag:
    methods = behavior["AllowedMethods"]
    functions = [
        {"functionArn": one["FunctionARN"], "eventType": one["EventType"]}
        for one in _items(behavior.get("FunctionAssociations", {}))
    ]
    return {
        **_from_api(_BEHAVIOR, behavior),
        **({"functionAssociations": functions} if functions else {}),
        "allowedMethods": _items(methods),
        "cachedMethods": _items(methods["CachedMethods"]),
    }


def _expanded_origin(origin: Bag) -> Bag:
    # "One or the other must be specified, but the S3 origin can be "empty"" (the provider's source).
    return {**_to_api(_ORIGIN, "origins.", origin), "S3OriginConfig": {"OriginAccessIdentity": ""}}


def _expanded_error(response: Bag) -> Bag:
    answer = str(response["responseCode"]) if response.get("responseCode") else ""
    return {"ResponsePagePath": "", **_to_api(_ERROR, "", response), "ResponseCode": answer}


def _flattened_error(response: Bag) -> Bag:
    answer = response.get("ResponseCode")
    return {**_from_api(_ERROR, response), **({"responseCode": int(answer)} if answer else {})}


def _flattened_certificate(certificate: Bag) -> Bag:
    found = _from_api(_CERTIFICATE, certificate)
    if found.get("cloudfrontDefaultCertificate"):
        # flattenViewerCertificate; CloudFront says TLSv1 of its own certificate.
        return {"cloudfrontDefaultCertificate": True, "minimumProtocolVersion": "TLSv1"}
    return found


def _to_api(names: dict[str, str], above: str, given: Bag) -> Bag:
    """What is given, and the table's defaults of what is not."""

    def default(name: str) -> Any:
        entry = DISTRIBUTION.get(above + name)
        return None if entry is None else entry.default

    values = {theirs: given.get(ours, default(ours)) for ours, theirs in names.items()}
    return {name: value for name, value in values.items() if value is not None}


def _from_api(names: dict[str, str], found: Bag) -> Bag:
    return {ours: found[theirs] for ours, theirs in names.items() if found.get(theirs) is not None}


def _counted(items: list[Any]) -> Bag:
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def _items(counted: Bag) -> list[Any]:
    return counted.get("Items") or []
