"""What CloudFront has and moto has not: an origin's access control, and what CloudFront refuses."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudfront import models
from moto.cloudfront.exceptions import NoSuchOriginAccessControl
from moto.cloudfront.models import CloudFrontBackend, random_id

from support.servers import moto_cloudfront_functions, moto_cloudfront_policies
from support.servers.moto_cloudfront_functions import check_live
from support.servers.moto_cloudfront_policies import known, refusal


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
            raise refusal("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
        _delete(self, distribution_id, if_match)

    def create_origin_access_control(self, config_dict: dict[str, str]) -> Any:
        if any(one.name == config_dict["Name"] for one in self.origin_access_controls.values()):
            raise refusal(
                "OriginAccessControlAlreadyExists", "An origin access control with the same name already exists."
            )
        return _create_control(self, config_dict)

    def delete_origin_access_control(self, control_id: str) -> None:
        if control_id not in self.origin_access_controls:
            raise NoSuchOriginAccessControl
        if any(origin.origin_access_control_id == control_id for origin in _origins(self)):
            raise refusal("OriginAccessControlInUse", "Cannot delete the origin access control because it is in use.")
        del self.origin_access_controls[control_id]


_behavior: Callable[..., None] = models.DefaultCacheBehaviour.__init__
_create: Callable[..., Any] = CloudFrontBackend.create_distribution_with_tags
_update: Callable[..., Any] = CloudFrontBackend.update_distribution
_delete: Callable[..., Any] = CloudFrontBackend.delete_distribution
_create_control: Callable[..., Any] = CloudFrontBackend.create_origin_access_control


def mend() -> None:
    """Adds it; doing so twice changes nothing."""
    models.Origin = Origin  # type: ignore[misc]
    models.DefaultCacheBehaviour.__init__ = _behavior_with_functions  # type: ignore[method-assign]
    for name, method in vars(_Backend).items():
        if callable(method):
            setattr(CloudFrontBackend, name, method)
    moto_cloudfront_policies.mend()
    moto_cloudfront_functions.mend()


def _behavior_with_functions(self: models.DefaultCacheBehaviour, config: dict[str, Any]) -> None:
    _behavior(self, config)
    items = (config.get("FunctionAssociations") or {}).get("Items") or []
    self.function_associations = {"Quantity": len(items), **({"Items": items} if items else {})}


def _check(backend: CloudFrontBackend, config: Any, itself: str | None) -> None:
    """What CloudFront refuses in a distribution."""
    for behavior in [config["DefaultCacheBehavior"], *(config.get("CacheBehaviors", {}).get("Items") or [])]:
        if policy := behavior.get("CachePolicyId"):
            known(backend, "CachePolicy", policy)
        elif not behavior.get("ForwardedValues"):
            raise refusal("InvalidArgument", "The parameter ForwardedValues is required.")
        if policy := behavior.get("ResponseHeadersPolicyId"):
            known(backend, "ResponseHeadersPolicy", policy)
        for one in (behavior.get("FunctionAssociations") or {}).get("Items") or []:
            check_live(backend, one["FunctionARN"])
    for origin in config["Origins"]["Items"]:
        control = origin.get("OriginAccessControlId")
        if control and control not in backend.origin_access_controls:
            raise refusal("InvalidOriginAccessControl", "The origin access control is not valid.")
    aliases = set(config.get("Aliases", {}).get("Items") or [])
    certificate = config.get("ViewerCertificate", {}).get("ACMCertificateArn", "")
    if aliases and not certificate:
        raise refusal(
            "InvalidViewerCertificate",
            "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
            "certificate that validates your authorization to use the domain name.",
        )
    if certificate and certificate.split(":")[3] != "us-east-1":
        raise refusal(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
            "valid certificate chain.",
        )
    for name, other in backend.distributions.items():
        if name != itself and aliases & set(other.distribution_config.Aliases.get("Items") or []):
            raise refusal(
                "CNAMEAlreadyExists",
                "One or more of the CNAMEs you provided are already associated with a different resource.",
            )


def _check_version(distribution: models.Distribution, if_match: Any) -> None:
    if if_match and if_match != distribution.etag:
        raise refusal("PreconditionFailed", "The request failed because it didn't meet the preconditions.")


def _origins(backend: CloudFrontBackend) -> Iterator[Any]:
    for distribution in backend.distributions.values():
        yield from distribution.distribution_config.Origins["Items"]
