"""Token → resource type. A new type needs a table, a module, and a line here."""

from collections.abc import Mapping

from . import cloudwatch, function, sqs
from .bucket import Bucket
from .bucket_parts import PARTS
from .cloudfront import CONFIGURED
from .cloudfront_function import Function
from .distribution import Distribution
from .iam import Role, RolePolicy
from .oidc import OpenIdConnectProvider
from .resource import Resource

_TYPES: tuple[Resource, ...] = (
    Bucket(),
    *PARTS,
    Role(),
    RolePolicy(),
    OpenIdConnectProvider(),
    *CONFIGURED,
    Function(),
    Distribution(),
    *sqs.THINGS,
    *function.THINGS,
    *cloudwatch.THINGS,
)
RESOURCES: Mapping[str, Resource] = {resource.token: resource for resource in _TYPES}
