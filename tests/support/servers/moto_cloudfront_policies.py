"""Cache policies and response headers policies of CloudFront, which moto has not."""

from collections.abc import Iterator
from typing import Any, Literal

from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException, InvalidIfMatchVersion
from moto.cloudfront.models import CloudFrontBackend, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

Noun = Literal["CachePolicy", "ResponseHeadersPolicy"]
"""As CloudFront's calls and errors name the two, which differ in nothing else."""

# "Use managed cache policies" in the CloudFront Developer Guide.
MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "Managed-CachingOptimized",
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": "Managed-CachingOptimizedForUncompressedObjects",
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": "Managed-CachingDisabled",
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": "UseOriginCacheControlHeaders",
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": "UseOriginCacheControlHeaders-QueryStrings",
}

# Noun → its name in paths, in the methods of moto, in errors, and of a behavior's attribute.
_NAMES: dict[Noun, tuple[str, str, str, str]] = {
    "CachePolicy": ("cache-policy", "cache_policy", "cache policy", "cache_policy_id"),
    "ResponseHeadersPolicy": (
        "response-headers-policy",
        "response_headers_policy",
        "response headers policy",
        "response_headers_policy_id",
    ),
}


def mend() -> None:
    """Adds them; doing so twice changes nothing."""
    for noun, (path, method, _, _) in _NAMES.items():
        for verb, call in (("create", _create), ("get", _get), ("update", _update), ("delete", _delete)):
            setattr(CloudFrontResponse, f"{verb}_{method}", _of(noun, call))
        for url in (f"{{0}}/2020-05-31/{path}$", f"{{0}}/2020-05-31/{path}/(?P<policy_id>[^/]+)$"):
            urls.url_paths[url] = CloudFrontResponse.dispatch


def known(backend: CloudFrontBackend, noun: Noun, id_: str) -> dict[str, Any]:
    """The policy. Raises CloudFront's error if there is none."""
    if id_ not in _policies(backend, noun):
        raise refusal(f"NoSuch{noun}", f"The specified {_NAMES[noun][2]} does not exist.")
    return _policies(backend, noun)[id_]


def behaviors(backend: CloudFrontBackend) -> Iterator[Any]:
    """The cache behaviors of all distributions."""
    for distribution in backend.distributions.values():
        yield distribution.distribution_config.DefaultCacheBehavior
        yield from distribution.distribution_config.CacheBehaviors.get("Items") or []


def refusal(code: str, message: str) -> CloudFrontException:
    """An error of CloudFront."""
    return CloudFrontException(code, message)


def _of(noun: Noun, call: Any) -> Any:
    return lambda response: call(response, noun)


def _create(response: CloudFrontResponse, noun: Noun) -> ActionResult:
    config = response._get_param(f"{noun}Config")
    known_ones = _policies(response.backend, noun)
    if any(config["Name"] == one[f"{noun}Config"]["Name"] for one in known_ones.values()):
        raise refusal(f"{noun}AlreadyExists", f"A {_NAMES[noun][2]} with the same name already exists.")
    policy = _policy(noun, f"{random_id()}-{random_id()}".lower(), config)
    known_ones[policy["Id"]] = policy
    return ActionResult({noun: policy, "ETag": policy["ETag"], "Location": policy["Id"]})


def _get(response: CloudFrontResponse, noun: Noun) -> ActionResult:
    policy = known(response.backend, noun, response._get_param("Id"))
    return ActionResult({noun: policy, "ETag": policy["ETag"]})


def _update(response: CloudFrontResponse, noun: Noun) -> ActionResult:
    policy = _changeable(response, noun)
    policy.update(_policy(noun, policy["Id"], response._get_param(f"{noun}Config")))
    return ActionResult({noun: policy, "ETag": policy["ETag"]})


def _delete(response: CloudFrontResponse, noun: Noun) -> ActionResult:
    policy = _changeable(response, noun)
    _, _, title, attribute = _NAMES[noun]
    if policy["Id"] in {getattr(behavior, attribute) for behavior in behaviors(response.backend)}:
        raise refusal(f"{noun}InUse", f"Cannot delete the {title}: cache behaviors use it.")
    del _policies(response.backend, noun)[policy["Id"]]
    return EmptyResult()


def _changeable(response: CloudFrontResponse, noun: Noun) -> dict[str, Any]:
    policy = known(response.backend, noun, response._get_param("Id"))
    if policy["Id"] in MANAGED:
        raise refusal("IllegalUpdate", "You can't change or delete a managed policy.")
    if response._get_param("IfMatch") != policy["ETag"]:
        raise InvalidIfMatchVersion
    return policy


def _policies(backend: CloudFrontBackend, noun: Noun) -> dict[str, dict[str, Any]]:
    managed = MANAGED if noun == "CachePolicy" else {}
    first = {id_: _policy(noun, id_, {"Name": name, "MinTTL": 0}) for id_, name in managed.items()}
    found: dict[str, dict[str, Any]] = vars(backend).setdefault(_NAMES[noun][1], first)
    return found


def _policy(noun: Noun, id_: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"Id": id_, f"{noun}Config": config, "LastModifiedTime": utcnow(), "ETag": random_id()}
