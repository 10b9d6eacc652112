"""What CloudFront has and moto has not: cache policies, an origin's access control, what CloudFront refuses."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudfront import models, urls
from moto.cloudfront.exceptions import CloudFrontException, InvalidIfMatchVersion, NoSuchOriginAccessControl
from moto.cloudfront.models import CloudFrontBackend, random_id
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

# "Use managed cache policies" in the CloudFront Developer Guide.
MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "Managed-CachingOptimized",
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": "Managed-CachingOptimizedForUncompressedObjects",
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": "Managed-CachingDisabled",
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": "UseOriginCacheControlHeaders",
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": "UseOriginCacheControlHeaders-QueryStrings",
}

_PATH = "{0}/2020-05-31/cache-policy"


class Origin(models.Origin):
    def __init__(self, origin: dict[str, Any]) -> None:
        super().__init__(origin)
        self.origin_access_control_id = origin.get("OriginAccessControlId", "")


class _Backend(CloudFrontBackend):
    """The methods that take the place of CloudFrontBackend's."""

    def create_distribution_with_tags(self, distribution_config: Any, tags: Any) -> Any:
        _check(self, distribution_config, itself=None)
        return _create(self, distribution_config, tags)

    def update_distribution(self, dist_config: Any, _id: str, if_match: Any) -> Any:
        distribution, _ = self.get_distribution(_id)
        _check_version(distribution, if_match)
        _check(self, dist_config, itself=_id)
        _, location, _ = _update(self, dist_config, _id, if_match)
        distribution.etag = random_id()
        return distribution, location, distribution.etag

    def delete_distribution(self, distribution_id: str, if_match: Any) -> None:
        distribution, _ = self.get_distribution(distribution_id)
        _check_version(distribution, if_match)
        if distribution.distribution_config.Enabled:
            raise _refusal(
                "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled."
            )
        _delete(self, distribution_id, if_match)

    def create_origin_access_control(self, config_dict: dict[str, str]) -> Any:
        if any(one.name == config_dict["Name"] for one in self.origin_access_controls.values()):
            raise _refusal(
                "OriginAccessControlAlreadyExists", "An origin access control with the same name already exists."
            )
        return _create_control(self, config_dict)

    def delete_origin_access_control(self, control_id: str) -> None:
        if control_id not in self.origin_access_controls:
            raise NoSuchOriginAccessControl
        if any(origin.origin_access_control_id == control_id for origin in _origins(self)):
            raise _refusal("OriginAccessControlInUse", "Cannot delete the origin access control because it is in use.")
        del self.origin_access_controls[control_id]


class _Response(CloudFrontResponse):
    """The methods that CloudFrontResponse gets."""

    def create_cache_policy(self) -> ActionResult:
        config = self._get_param("CachePolicyConfig")
        if any(config["Name"] == one["CachePolicyConfig"]["Name"] for one in _policies(self.backend).values()):
            raise _refusal("CachePolicyAlreadyExists", "A cache policy with the same name already exists.")
        policy = _policy(f"{random_id()}-{random_id()}".lower(), config)
        _policies(self.backend)[policy["Id"]] = policy
        return ActionResult({"CachePolicy": policy, "ETag": policy["ETag"], "Location": policy["Id"]})

    def get_cache_policy(self) -> ActionResult:
        policy = _known_policy(self.backend, self._get_param("Id"))
        return ActionResult({"CachePolicy": policy, "ETag": policy["ETag"]})

    def update_cache_policy(self) -> ActionResult:
        policy = self._changeable_policy()
        policy.update(_policy(policy["Id"], self._get_param("CachePolicyConfig")))
        return ActionResult({"CachePolicy": policy, "ETag": policy["ETag"]})

    def delete_cache_policy(self) -> ActionResult:
        policy = self._changeable_policy()
        if policy["Id"] in {behavior.cache_policy_id for behavior in _behaviors(self.backend)}:
            raise _refusal("CachePolicyInUse", "Cannot delete the cache policy: cache behaviors use it.")
        del _policies(self.backend)[policy["Id"]]
        return EmptyResult()

    def _changeable_policy(self) -> dict[str, Any]:
        policy = _known_policy(self.backend, self._get_param("Id"))
        if policy["Id"] in MANAGED:
            raise _refusal("IllegalUpdate", "You can't change or delete a managed policy.")
        if self._get_param("IfMatch") != policy["ETag"]:
            raise InvalidIfMatchVersion
        return policy


_create: Callable[..., Any] = CloudFrontBackend.create_distribution_with_tags
_update: Callable[..., Any] = CloudFrontBackend.update_distribution
_delete: Callable[..., Any] = CloudFrontBackend.delete_distribution
_create_control: Callable[..., Any] = CloudFrontBackend.create_origin_access_control


def mend() -> None:
    """Adds it; doing so twice changes nothing."""
    models.Origin = Origin  # type: ignore[misc]
    for ours, theirs in ((_Backend, CloudFrontBackend), (_Response, CloudFrontResponse)):
        for name, method in vars(ours).items():
            if callable(method):
                setattr(theirs, name, method)
    for path in (f"{_PATH}$", f"{_PATH}/(?P<policy_id>[^/]+)$"):
        urls.url_paths[path] = CloudFrontResponse.dispatch


def _check(backend: CloudFrontBackend, config: Any, itself: str | None) -> None:
    """What CloudFront refuses in a distribution."""
    for behavior in [config["DefaultCacheBehavior"], *(config.get("CacheBehaviors", {}).get("Items") or [])]:
        if policy := behavior.get("CachePolicyId"):
            _known_policy(backend, policy)
        elif not behavior.get("ForwardedValues"):
            raise _refusal("InvalidArgument", "The parameter ForwardedValues is required.")
    for origin in config["Origins"]["Items"]:
        control = origin.get("OriginAccessControlId")
        if control and control not in backend.origin_access_controls:
            raise _refusal("InvalidOriginAccessControl", "The origin access control is not valid.")
    aliases = set(config.get("Aliases", {}).get("Items") or [])
    certificate = config.get("ViewerCertificate", {}).get("ACMCertificateArn", "")
    if aliases and not certificate:
        raise _refusal(
            "InvalidViewerCertificate",
            "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
            "certificate that validates your authorization to use the domain name.",
        )
    if certificate and certificate.split(":")[3] != "us-east-1":
        raise _refusal(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
            "valid certificate chain.",
        )
    for name, other in backend.distributions.items():
        if name != itself and aliases & set(other.distribution_config.Aliases.get("Items") or []):
            raise _refusal(
                "CNAMEAlreadyExists",
                "One or more of the CNAMEs you provided are already associated with a different resource.",
            )


def _check_version(distribution: models.Distribution, if_match: Any) -> None:
    if if_match and if_match != distribution.etag:
        raise _refusal("PreconditionFailed", "The request failed because it didn't meet the preconditions.")


def _origins(backend: CloudFrontBackend) -> Iterator[Any]:
    for distribution in backend.distributions.values():
        yield from distribution.distribution_config.Origins["Items"]


def _behaviors(backend: CloudFrontBackend) -> Iterator[Any]:
    for distribution in backend.distributions.values():
        yield distribution.distribution_config.DefaultCacheBehavior
        yield from distribution.distribution_config.CacheBehaviors.get("Items") or []


def _policies(backend: CloudFrontBackend) -> dict[str, dict[str, Any]]:
    managed = {id_: _policy(id_, {"Name": name, "MinTTL": 0}) for id_, name in MANAGED.items()}
    found: dict[str, dict[str, Any]] = vars(backend).setdefault("cache_policies", managed)
    return found


def _policy(id_: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"Id": id_, "CachePolicyConfig": config, "LastModifiedTime": utcnow(), "ETag": random_id()}


def _known_policy(backend: CloudFrontBackend, id_: str) -> dict[str, Any]:
    if id_ not in _policies(backend):
        raise _refusal("NoSuchCachePolicy", "The specified cache policy does not exist.")
    return _policies(backend)[id_]


def _refusal(code: str, message: str) -> CloudFrontException:
    return CloudFrontException(code, message)
