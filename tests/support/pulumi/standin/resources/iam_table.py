"""What a change of each property of the IAM types does; s3_table.py says what the sources are."""

import json
import re
from collections.abc import Callable
from typing import Any

from support.pulumi.standin.policies import equivalent
from support.pulumi.standin.properties import Property, Source, same_set

TF = "terraform-provider-aws internal/service/iam/"

_ROLE = Source(TF + "role.go (4.x)")
_ROLE_POLICY = Source(TF + "role_policy.go (5.x)")
_OIDC = Source(TF + "openid_connect_provider.go (6.5)")
_TAGS = Source("terraform-provider-aws internal/verify/diff.go, SetTagsDiff")


def _name(longest: int) -> Callable[[Any], str]:
    """validResourceName in iam/validate.go"""

    def refuses(value: Any) -> str:
        if not 0 < len(value) <= longest:
            return f"expected length of %s to be in the range (1 - {longest}), got {value}"
        return "" if re.fullmatch(r"[\w+=,.@-]+", value) else r"invalid value for %s (must match [\w+=,.@-])"

    return refuses


def _session(value: Any) -> str:
    return "" if 3600 <= value <= 43200 else f"expected %s to be in the range (3600 - 43200), got {value}"


def _arn(value: Any) -> str:
    """verify.ValidARN"""
    good = re.fullmatch(r"arn:[\w-]+:[\w-]+:[^:]*:(\d{12}|aws|):.+", value)
    return "" if good else f'"%s" ({value}) is an invalid ARN'


def _document(value: Any) -> str:
    """verify.ValidIAMPolicyJSON"""
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError as error:
        return f'"%s" contains an invalid JSON policy: {error}'
    return "" if isinstance(parsed, dict) else '"%s" contains an invalid JSON policy: not a JSON object'


def _thumbprint(value: Any) -> str:
    return "" if len(value) == 40 else f"expected length of %s to be in the range (40 - 40), got {value}"


def _issuer(value: Any) -> str:
    """validOpenIDURL in iam/validate.go"""
    if not value.startswith("https://"):
        return '"%s" has an invalid URL scheme: must be https'
    return '"%s" cannot contain query parameters: they are not used' if "?" in value else ""


def same_issuer(old: Any, new: Any) -> bool:
    """suppressOpenIDURL: AWS gives the URL without its scheme."""
    return isinstance(old, str) and isinstance(new, str) and _bare(old) == _bare(new)


def _bare(url: str) -> str:
    return url.removeprefix("https://")


ROLE: dict[str, Property] = dict(
    [
        *_ROLE.replacing("name", keeps=True, conflicts="namePrefix", refuses=_name(64)),
        *_ROLE.replacing("namePrefix", keeps=True, conflicts="name", refuses=_name(64 - 26)),
        *_ROLE.replacing("path", default="/"),
        # SuppressEquivalentPolicyDiffs
        *_ROLE.updatable("assumeRolePolicy", same=equivalent, refuses=_document),
        *_ROLE.updatable("description"),
        *_ROLE.updatable("forceDetachPolicies", default=False, local=True),
        *_ROLE.updatable("maxSessionDuration", default=3600, refuses=_session),
        *_ROLE.updatable("permissionsBoundary", refuses=_arn),
        *_ROLE.updatable("tags", free=True),
        *_TAGS.updatable("tagsAll", free=True),
        # Deprecated in favour of RolePolicy and RolePolicyAttachment.
        *_ROLE.updatable("inlinePolicies managedPolicyArns", keeps=True, forwarded=False),
        *_ROLE.computed("arn createDate uniqueId"),
    ]
)

ROLE_POLICY: dict[str, Property] = dict(
    [
        *_ROLE_POLICY.replacing("name", keeps=True, conflicts="namePrefix", refuses=_name(128)),
        *_ROLE_POLICY.replacing("namePrefix", keeps=True, conflicts="name", refuses=_name(128 - 26)),
        *_ROLE_POLICY.replacing("role", refuses=_name(64)),
        *_ROLE_POLICY.updatable("policy", same=equivalent, refuses=_document),
    ]
)

OIDC_PROVIDER: dict[str, Property] = dict(
    [
        *_OIDC.replacing("url", same=same_issuer, refuses=_issuer),
        # TypeSet
        *_OIDC.updatable("clientIdLists", same=same_set),
        *_OIDC.updatable("thumbprintLists", keeps=True, refuses=_thumbprint),
        *_OIDC.updatable("tags", free=True),
        *_TAGS.updatable("tagsAll", free=True),
        *_OIDC.computed("arn"),
    ]
)
