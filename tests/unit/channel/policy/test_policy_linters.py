"""parliament and cloudsplaining on every identity policy: what they find is listed here with the reason, or it fails.

cloudsplaining usually passes over statements that name their resources; here it is told not to, so that it lists every
right that writes or gives something away.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import pytest

from chaninfra.channel.policy.permissions import identity_policy
from support.paths import GOLDEN

with warnings.catch_warnings():
    # parliament imports pkg_resources, which setuptools warns of.
    warnings.simplefilter("ignore")
    import parliament
from cloudsplaining.scan.policy_document import PolicyDocument

POLICIES = GOLDEN / "policies"
_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_CDN = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"

_READS = "Reading packages is what the role is for; the right ends at the channel's prefix."
_WRITES = "Adding packages and index files is what the role is for; it ends at the channel's subdirs."
_GIVES_UP = "An upload that failed must be given up; this ends it, and touches no object."
_DELETES = "Maintainers delete packages; only they may, and it ends at the channel's prefix."
_DECRYPTS = "What the key encrypted is read with it; the right is on this one key."
_REFRESHES = "What was published is to be served at once; the right is on the channel's distribution alone."
_ENCRYPTS = "What is put is encrypted with a key of this key's making; the right is on this one key."

# policy → finding → why it is as it should be
EXPLAINED: dict[str, dict[str, str]] = {
    "reader": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
    },
    "publisher": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:AbortMultipartUpload": _GIVES_UP,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:PutObject": _WRITES,
        "cloudsplaining write s3:AbortMultipartUpload": _GIVES_UP,
        "cloudsplaining write s3:PutObject": _WRITES,
    },
    "maintainer": {
        "cloudsplaining data-exfiltration s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:AbortMultipartUpload": _GIVES_UP,
        "cloudsplaining infrastructure-modification s3:DeleteObject": _DELETES,
        "cloudsplaining infrastructure-modification s3:GetObject": _READS,
        "cloudsplaining infrastructure-modification s3:PutObject": _WRITES,
        "cloudsplaining write s3:AbortMultipartUpload": _GIVES_UP,
        "cloudsplaining write s3:DeleteObject": _DELETES,
        "cloudsplaining write s3:PutObject": _WRITES,
    },
}
# What comes on top where the bucket has a KMS key.
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
        for role in ("publisher", "maintainer")
    },
}
# And where a CDN is before it.
EXPLAINED_WITH_CDN: dict[str, dict[str, str]] = {
    "reader": {},
    **{
        role: {
            "cloudsplaining infrastructure-modification cloudfront:CreateInvalidation": _REFRESHES,
            "cloudsplaining write cloudfront:CreateInvalidation": _REFRESHES,
        }
        for role in ("publisher", "maintainer")
    },
}


def _generated() -> dict[str, dict[str, Any]]:
    """Every identity policy: of each role with and without a key, and those of the golden files."""
    about = {"bucket": "packages", "subdirs": ["noarch", "linux-64"]}
    made = {
        f"{role}/{prefix or 'whole bucket'}/{'kms' if key else 'plain'}{'-cdn' if cdn else ''}": identity_policy(
            role, prefix=prefix, kms_key_arn=key, distribution=cdn, **about
        )
        for role in EXPLAINED
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
# policy → a finding that it must give
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an action that is none": ({"Action": "s3:GetObjects", "Resource": "*"}, "parliament UNKNOWN_ACTION"),
    "a bucket for an object": (
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::packages"},
        "parliament RESOURCE_MISMATCH",
    ),
    "a service": ({"Action": "s3:*", "Resource": "*"}, "cloudsplaining service-wildcard s3"),
    "rights on rights": (
        {"Action": "s3:PutBucketPolicy", "Resource": "*"},
        "cloudsplaining permissions-management s3:PutBucketPolicy",
    ),
    "credentials": (
        {"Action": "sts:AssumeRole", "Resource": "*"},
        "cloudsplaining credentials-exposure sts:AssumeRole",
    ),
}


def findings(policy: Mapping[str, Any]) -> set[str]:
    """What the two find, as `TOOL FINDING ACTION`."""
    found = parliament.analyze_policy_string(json.dumps(policy), include_community_auditors=True).findings
    ids = {f"parliament {one.issue}" for one in found}
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
    for part, explained in {"kms:": EXPLAINED_WITH_KMS, "cloudfront:": EXPLAINED_WITH_CDN}.items():
        expected |= set(explained[role]) if part in text else set()
    assert findings(policy) == expected


@pytest.mark.parametrize("case", BAD)
def test_a_policy_that_is_wrong_or_too_wide_is_found(case: str) -> None:
    statement, finding = BAD[case]
    assert finding in findings({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_there_are_policies_of_golden_files_for_each_role() -> None:
    assert {name.partition("/")[0] for name in POLICIES if name.endswith(".json")} == set(EXPLAINED)
