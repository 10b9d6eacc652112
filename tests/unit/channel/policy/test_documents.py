"""Every policy document, compared with a golden file: what `pulumi up` applies and `chaninfra policy` prints.

`CHANINFRA_WRITE_POLICIES=1 pytest` on this file rewrites the golden files; read the diff before you commit it.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.bucket import deployer_arns
from chaninfra.channel.policy.documents import documents, permissions_of
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from support.paths import GOLDEN

POLICIES = GOLDEN / "policies"
ACCOUNT = "123456789012"
BASE = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "my-channel"}
ISSUER = "https://idp.example.com/realms/build"

STACKS: dict[str, dict[str, Any]] = {
    "private": {},
    "public": {"visibility": "public"},
    "organization": {"visibility": "organization", "aws": {"organization-id": "o-a1b2c3d4e5"}},
    "several-channels": {"prefix": None, "visibility": "public", "channels": {"stable": {}, "nightly": {}}},
    "github": {
        "publishers": {
            "branch": {"github": {"repository": "acme/packages", "branch": "main"}},
            "tags": {"github": {"repository": "acme/packages", "tag": "v*"}},
            "environment": {"github": {"repository": "acme/packages", "environment": "release: all"}},
            "pinned": {
                "github": {
                    "repository": "acme/packages",
                    "branch": "main",
                    "owner-id": "1234",
                    "repository-id": "5678",
                }
            },
            "reusable": {
                "github": {
                    "repository": "acme/packages",
                    "branch": "main",
                    "workflow": "acme/ci/.github/workflows/publish.yml@refs/heads/main",
                }
            },
        },
        "readers": {"pull-requests": {"github": {"repository": "acme/app", "pull-request": True}}},
    },
    "gitlab": {
        "publishers": {
            "main": {"gitlab": {"project": "acme/tools/packages", "branch": "main"}},
            "own": {"gitlab": {"project": "acme/packages", "tag": "v*", "host": "gitlab.example.com"}},
        }
    },
    "oidc": {
        "publishers": {"builder": {"oidc": {"issuer": ISSUER, "audience": "conda", "subject": "system:builder"}}},
        "maintainers": {"keeper": {"oidc": {"issuer": ISSUER, "audience": "conda", "subject": "system:keeper"}}},
    },
    "promoters": {
        "promoters": {
            "other-bucket": {
                "github": {"repository": "acme/packages", "environment": "production"},
                "from": ["s3://acme-staging/main", "s3://my-bucket/nightly"],
            },
            "public-sources": {"gitlab": {"project": "acme/packages", "branch": "main"}},
            "same-bucket": {"arn": f"arn:aws:iam::{ACCOUNT}:role/release", "from": ["s3://my-bucket/nightly"]},
            "without": {"arn": f"arn:aws:iam::{ACCOUNT}:role/copies-in"},
        }
    },
    "arns": {
        "readers": {"other-account": {"arn": "210987654321"}},
        "publishers": {
            "builder": {"arn": f"arn:aws:iam::{ACCOUNT}:role/builder"},
            "other-account": {"arn": "210987654321"},
        },
        "maintainers": {"ops": {"arn": f"arn:aws:iam::{ACCOUNT}:user/ops"}},
    },
    "kms": {
        "aws": {"kms-key-arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
        "readers": {"ci": {"github": {"repository": "acme/app", "branch": "main"}}},
        "publishers": {"ci": {"github": {"repository": "acme/packages", "branch": "main"}}},
    },
    "kms-arns": {
        "visibility": "organization",
        "aws": {"kms-key-arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234", "organization-id": "o-a1b2c3d4e5"},
        "readers": {"other-account": {"arn": "210987654321"}},
        "publishers": {"builder": {"arn": f"arn:aws:iam::{ACCOUNT}:role/builder"}},
    },
    "adopted": {"visibility": "public", "adopt": True, "whole-bucket-listing": True},
    "cdn": {
        "visibility": "public",
        "cdn": {},
        "publishers": {"ci": {"github": {"repository": "acme/packages", "branch": "main"}}},
        "readers": {"app": {"github": {"repository": "acme/app", "branch": "main"}}},
        "maintainers": {"keepers": {"github": {"repository": "acme/packages", "environment": "channel"}}},
    },
    "cdn-kms-several-channels": {
        "prefix": None,
        "visibility": "public",
        "cdn": {},
        "aws": {"kms-key-arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234"},
        "channels": {"stable": {}, "nightly": {}},
    },
    "cdn-adopted": {"visibility": "public", "adopt": True, "whole-bucket-listing": True, "cdn": {}},
    "minio-public": {"provider": "minio", "endpoint-url": "https://minio.example.com", "visibility": "public"},
    "no-overwrite": {"aws": {"no-overwrite": True}},
    "vpc": {"aws": {"vpc-endpoints": ["vpce-0123456789abcdef0"]}},
    "follow": {
        "index": {"follow": {}},
        "aws": {
            "kms-key-arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234",
            "vpc-endpoints": ["vpce-0123456789abcdef0"],
            "follow": {"subnet-ids": ["subnet-0a"], "security-group-ids": ["sg-0a"]},
        },
    },
    "follow-snapshots": {"index": {"follow": {}}, "snapshots": {"every": "1d", "keep": 60}},
    "follow-cdn": {"index": {"follow": {}}, "visibility": "public", "cdn": {}},
    "china": {
        "region": "cn-north-1",
        "visibility": "public",
        "publishers": {
            "ci": {
                "github": {
                    "repository": "acme/packages",
                    "branch": "main",
                    "owner-id": "1234",
                    "repository-id": "5678",
                    "audience": "sts.amazonaws.com.cn",
                }
            }
        },
    },
    "gov-cloud": {"region": "us-gov-west-1", "readers": {"other-account": {"arn": "210987654321"}}},
}


def printed(name: str) -> str:
    config = {key: value for key, value in {**BASE, **STACKS[name]}.items() if value is not None}
    deployer = deployer_arns(f"arn:aws:sts::{ACCOUNT}:assumed-role/Deployer/me")
    made = documents(
        build_spec(config, where="Pulumi.prod.yaml"), account=ACCOUNT, deployer=deployer, distribution="E2EXAMPLE"
    )
    return json.dumps(made, indent=2) + "\n"


@pytest.mark.parametrize("name", STACKS)
def test_documents_equal_their_golden_file(name: str) -> None:
    path = POLICIES / f"{name}.json"
    if os.environ.get("CHANINFRA_WRITE_POLICIES"):
        path.write_text(printed(name), "utf-8")
    assert printed(name) == path.read_text("utf-8")


def test_every_golden_file_has_a_stack() -> None:
    assert sorted(path.stem for path in POLICIES.glob("*.json")) == sorted(STACKS)


@pytest.mark.parametrize(
    "github",
    [
        {"branch": "main"},
        {
            "branch": "main",
            "owner-id": "1",
            "repository-id": "2",
            "workflow": "a/b/.github/workflows/c.yml@refs/heads/d",
        },
    ],
)
def test_outside_the_commercial_regions_sub_must_hold_all_claims(github: dict[str, str]) -> None:
    config = {**BASE, "region": "us-gov-west-1", "publishers": {"ci": {"github": {"repository": "a/b", **github}}}}
    with pytest.raises(ConfigurationError, match="only the claims aud and sub"):
        build_spec(config, where="Pulumi.prod.yaml")


@pytest.mark.parametrize("name", STACKS)
def test_sids_are_unique_letters_and_digits(name: str) -> None:
    for document in json.loads(printed(name)).values():
        sids = [statement["Sid"] for statement in document["Statement"] if "Sid" in statement]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)


CI = {"repository": "acme/packages", "branch": "main", "owner-id": "1", "repository-id": "2"}


def on_store(provider: str, principal: dict[str, Any]) -> StackSpec:
    config = {"provider": provider, "bucket": "my-bucket", "endpoint-url": "https://s3.example.com", "prefix": "main"}
    return build_spec({**config, "publishers": {"ci": principal}}, where="stack")


def conditions_on_minio(**changed: str) -> list[dict[str, Any]]:
    spec = on_store("minio", {"github": {**CI, **changed}})
    (principal,) = spec.channels[0].principals
    statements = permissions_of(spec, spec.channels[0], principal)["Statement"]
    return [each["Condition"] for each in statements if each["Effect"] == "Allow"]


def test_permissions_on_minio_are_limited_to_the_token_of_the_principal() -> None:
    conditions = conditions_on_minio()
    wanted = {
        "StringEquals": {
            "jwt:iss": "https://token.actions.githubusercontent.com",
            "jwt:sub": ["repo:acme@1/packages@2:ref:refs/heads/main"],
        }
    }
    assert conditions == [wanted] * len(conditions)


def test_a_wildcard_in_a_branch_is_a_wildcard_on_minio_and_nothing_else_is() -> None:
    conditions = conditions_on_minio(branch="release/*")
    wanted = {
        "StringEquals": {"jwt:iss": "https://token.actions.githubusercontent.com"},
        "StringLike": {"jwt:sub": ["repo:acme@1/packages@2:ref:refs/heads/release/*"]},
    }
    assert conditions == [wanted] * len(conditions)


def test_old_versions_are_denied_where_they_come_with_the_object() -> None:
    for provider, principal in [("minio", {"key": {}}), ("minio", {"github": CI}), ("versitygw", {"github": CI})]:
        rights = documents(on_store(provider, principal), account="1" * 12)["publisher/main/ci/rights"]
        denied = {
            action: each.get("Condition")
            for each in rights["Statement"]
            if each["Effect"] == "Deny"
            for action in each["Action"]
        }
        by_id = {"StringLike": {"s3:versionid": "?*"}}
        wanted = {"s3:GetObject": by_id, "s3:GetObjectVersion": by_id, "s3:DeleteObjectVersion": None}
        assert denied == (wanted if provider == "minio" else {})


def test_only_a_store_with_roles_has_trust_policies() -> None:
    on_minio = documents(on_store("minio", {"github": CI}), account="1" * 12)
    assert set(on_minio) == {"publisher/main/ci/rights"}
    with_key = documents(on_store("minio", {"key": {}}), account="1" * 12)
    assert set(with_key) == {"publisher/main/ci/rights"}
    assert "jwt:" not in json.dumps(with_key["publisher/main/ci/rights"])
    on_versitygw = documents(on_store("versitygw", {"github": CI}), account="0" * 12)
    assert set(on_versitygw) == {"publisher/main/ci/rights", "publisher/main/ci/trust"}
