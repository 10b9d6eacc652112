"""parliament and cloudsplaining on every identity policy: each finding must be listed here, with the reason for it.

By default cloudsplaining skips statements that name their resources. Here it checks them too, so that it lists every
permission to write, and every permission that can leak data.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.roles import ROLES
from support.paths import GOLDEN

with warnings.catch_warnings():
    # parliament imports pkg_resources, which setuptools warns of.
    warnings.simplefilter("ignore")
    import parliament
from cloudsplaining.scan.policy_document import PolicyDocument

POLICIES = GOLDEN / "policies"
_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_CDN = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"

_READS = "The role reads packages; the permission is limited to the channel's prefix."
_WRITES = "The role adds packages and index files; the permission is limited to the channel's subdirs."
_ABORTS = "A failed upload must be aborted; that changes no object."
_DELETES = "Only maintainers delete packages; the permission is limited to the channel's prefix."
_DECRYPTS = "Reading encrypted objects needs the key; the permission is limited to this key."
_REFRESHES = "The CDN must serve new packages at once; the permission is limited to the channel's distribution."
_ENCRYPTS = "Writing encrypted objects needs data keys; the permission is limited to this key."
_INDEXES = "The function writes the index; other names are denied to it."
_COLLECTS = "The function deletes what the index does not need; packages and the index itself are denied to it."
_TAKES = "The function deletes messages that it worked on; the permission is limited to its queue."
_LOGS = "The function writes its log; the permission is limited to its log group."
_NETWORK = "Lambda makes the network interfaces with the role; to the function's code they are denied."

_DECRYPTS_SOURCES = "Sources of other buckets may be encrypted; the condition limits it to objects of these buckets."
_ADDS = {
    "cloudsplaining data-exfiltration s3:GetObject": _READS,
    "cloudsplaining infrastructure-modification s3:AbortMultipartUpload": _ABORTS,
    "cloudsplaining infrastructure-modification s3:GetObject": _READS,
    "cloudsplaining infrastructure-modification s3:PutObject": _WRITES,
    "cloudsplaining write s3:AbortMultipartUpload": _ABORTS,
    "cloudsplaining write s3:PutObject": _WRITES,
}

# role → finding → the reason for it
EXPLAINED: dict[str, dict[str, str]] = {
    "reader": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
    },
    "publisher": _ADDS,
    "promoter": _ADDS,
    "maintainer": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:AbortMultipartUpload": _ABORTS,
        "cloudsplaining infrastructure-modification s3:DeleteObject": _DELETES,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:PutObject": _WRITES,
        "cloudsplaining write s3:AbortMultipartUpload": _ABORTS,
        "cloudsplaining write s3:DeleteObject": _DELETES,
        "cloudsplaining write s3:PutObject": _WRITES,
    },
    "follower": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification logs:CreateLogStream": _LOGS,
        "cloudsplaining infrastructure-modification logs:PutLogEvents": _LOGS,
        "cloudsplaining infrastructure-modification s3:AbortMultipartUpload": _ABORTS,
        "cloudsplaining infrastructure-modification s3:DeleteObject": _COLLECTS,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:PutObject": _INDEXES,
        "cloudsplaining infrastructure-modification sqs:DeleteMessage": _TAKES,
        "cloudsplaining write logs:CreateLogStream": _LOGS,
        "cloudsplaining write logs:PutLogEvents": _LOGS,
        "cloudsplaining write s3:AbortMultipartUpload": _ABORTS,
        "cloudsplaining write s3:DeleteObject": _COLLECTS,
        "cloudsplaining write s3:PutObject": _INDEXES,
        "cloudsplaining write sqs:DeleteMessage": _TAKES,
    },
}
# The additional findings if the function is in a network.
EXPLAINED_WITH_NETWORK = {
    **{
        f"cloudsplaining {kind} ec2:{action}": _NETWORK
        for kind in ("infrastructure-modification", "write")
        for action in (
            "AssignPrivateIpAddresses",
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "UnassignPrivateIpAddresses",
        )
    },
    "parliament RESOURCE_STAR": _NETWORK,
    "parliament UNKNOWN_CONDITION_FOR_ACTION": "The statement denies by a key of Lambda, which parliament knows for "
    "no action of EC2 (Lambda Developer Guide, about functions in a VPC).",
}
# The additional findings if the bucket has a KMS key.
EXPLAINED_WITH_KMS: dict[str, dict[str, str]] = {
    "reader": {
        "cloudsplaining infrastructure-modification kms:Decrypt": _DECRYPTS,
        "cloudsplaining write kms:Decrypt": _DECRYPTS,
    },
    **{
        role: {
            "cloudsplaining infrastructure-modification kms:Decrypt": _DECRYPTS,
            "cloudsplaining infrastructure-modification kms:GenerateDataKey": _ENCRYPTS,
            "cloudsplaining write kms:Decrypt": _DECRYPTS,
            "cloudsplaining write kms:GenerateDataKey": _ENCRYPTS,
        }
        for role in ("publisher", "maintainer", "promoter", "follower")
    },
}
# The additional findings if a promoter has sources in other buckets.
EXPLAINED_WITH_SOURCES = {
    "cloudsplaining infrastructure-modification kms:Decrypt": _DECRYPTS_SOURCES,
    "cloudsplaining write kms:Decrypt": _DECRYPTS_SOURCES,
}
# The additional findings if the bucket has a CDN.
EXPLAINED_WITH_CDN: dict[str, dict[str, str]] = {
    "reader": {},
    **{
        role: {
            "cloudsplaining infrastructure-modification cloudfront:CreateInvalidation": _REFRESHES,
            "cloudsplaining write cloudfront:CreateInvalidation": _REFRESHES,
        }
        for role in ("publisher", "maintainer", "promoter", "follower")
    },
}


def _generated() -> dict[str, dict[str, Any]]:
    """Every identity policy: of each role with and without a KMS key and a CDN, and those of the golden files."""
    about = {"bucket": "packages", "subdirs": ["noarch", "linux-64"]}
    made = {
        f"{role}/{prefix or 'whole bucket'}/{'kms' if key else 'plain'}{'-cdn' if cdn else ''}": identity_policy(
            role, prefix=prefix, kms_key_arn=key, distribution=cdn, **about
        )
        for role in ROLES
        for prefix in ("", "team/stable")
        for key in (None, _KEY)
        for cdn in (None, _CDN)
    }
    for path in sorted(POLICIES.glob("*.json")):
        for name, document in json.loads(path.read_text()).items():
            if name.endswith("/rights"):
                made[f"{name} of {path.name}"] = document
    return made


POLICIES = _generated()
# case → (statement, a finding that it must cause)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown action": ({"Action": "s3:GetObjects", "Resource": "*"}, "parliament UNKNOWN_ACTION"),
    "a bucket for an object": (
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::packages"},
        "parliament RESOURCE_MISMATCH",
    ),
    "a service": ({"Action": "s3:*", "Resource": "*"}, "cloudsplaining service-wildcard s3"),
    "permissions management": (
        {"Action": "s3:PutBucketPolicy", "Resource": "*"},
        "cloudsplaining permissions-management s3:PutBucketPolicy",
    ),
    "credentials": (
        {"Action": "sts:AssumeRole", "Resource": "*"},
        "cloudsplaining credentials-exposure sts:AssumeRole",
    ),
}


def findings(policy: Mapping[str, Any]) -> set[str]:
    """The findings of both tools, as `TOOL FINDING ACTION`."""
    linted = parliament.analyze_policy_string(json.dumps(policy), include_community_auditors=True).findings
    ids = {f"parliament {one.issue}" for one in linted}
    document = PolicyDocument(dict(policy), flag_conditional_statements=True, flag_resource_arn_statements=True)
    lists = {
        "data-exfiltration": document.allows_data_exfiltration_actions,
        "infrastructure-modification": document.infrastructure_modification,
        "write": document.write_actions_without_constraints,
        "tagging": document.tagging_actions_without_constraints,
        "permissions-management": document.permissions_management_without_constraints,
        "credentials-exposure": document.credentials_exposure,
        "privilege-escalation": [one["type"] for one in document.allows_privilege_escalation],
        "service-wildcard": document.service_wildcard,
        "not-action": ["NotAction"] if document.contains_statement_using_not_action else [],
    }
    return ids | {f"cloudsplaining {kind} {action}" for kind, actions in lists.items() for action in actions}


@pytest.mark.parametrize("name", POLICIES)
def test_every_finding_is_explained_and_every_explanation_has_a_finding(name: str) -> None:
    policy, text = POLICIES[name], json.dumps(POLICIES[name])
    role = name.partition("/")[0]
    expected = set(EXPLAINED[role])
    for part, explained in {"UseKey": EXPLAINED_WITH_KMS, "cloudfront:": EXPLAINED_WITH_CDN}.items():
        expected |= set(explained[role]) if part in text else set()
    expected |= set(EXPLAINED_WITH_SOURCES) if "DecryptSources" in text else set()
    expected |= set(EXPLAINED_WITH_NETWORK) if "ec2:" in text else set()
    assert findings(policy) == expected


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_or_too_wide_policy_has_a_finding(case: str) -> None:
    statement, finding = BAD[case]
    assert finding in findings({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_golden_files_have_policies_for_each_role() -> None:
    assert {name.partition("/")[0] for name in POLICIES if name.endswith(".json")} == set(EXPLAINED)
