"""The policy pack on what the program declares: real stack configs, Pulumi's mocks for the engine, and the pack in a
process of its own, which speaks pulumi-policy's protocol.

The inputs are those of the program's resources, so that a property with another name fails here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config
from ruamel.yaml import YAML

from chaninfra.guard_rails.rules import RULES
from chaninfra.pulumi.program import program
from support.paths import ROOT
from support.pulumi.policy_pack import PACK, UNKNOWN, Declared, Found, Pack, running

# Of names that pulumi-aws itself imports.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws"),
    pytest.mark.usefixtures("event_loop_for_mocks"),
]

ACCOUNT = "123456789012"


class Everything(mocks.Mocks):
    """Makes what it is asked for, with what AWS would answer."""

    def __init__(self) -> None:
        self.made: list[Declared] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        # Pulumi's own, which the engine keeps from policies.
        inputs = {key: value for key, value in args.inputs.items() if not key.startswith("__")}
        self.made.append(Declared(args.typ, args.name, inputs))
        made = args.inputs["bucket"] if args.typ == "aws:s3/bucket:Bucket" else args.name
        return made, {**args.inputs, "arn": _arn(args), "domainName": "d1.cloudfront.net", "access_key_id": "key-1"}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {**args.args, "arn": f"arn:aws:iam::{ACCOUNT}:user/me", "accountId": ACCOUNT, "id": "x"}


def _arn(args: mocks.MockResourceArgs) -> str:
    if args.typ == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{args.inputs['url'].removeprefix('https://')}"
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{args.name}"


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as found:
        yield found


@pytest.fixture(autouse=True)
def _no_config_left() -> Iterator[None]:
    yield
    set_all_config({}, [])


def declared(config: Mapping[str, Any]) -> list[Declared]:
    """The resources that the program declares for a stack config."""
    set_all_config(
        {
            key if ":" in key else f"chaninfra:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in config.items()
        }
    )
    everything = Everything()
    mocks.set_mocks(everything, project="chaninfra", stack="test", preview=False)
    pulumi_test(program)()
    return everything.made


BY_NAME = {"github": {"repository": "acme/packages", "branch": "main"}}
CI = {"github": {**BY_NAME["github"], "owner-id": "1", "repository-id": "2"}}
PINNED = CI
REPOSITORY = {key: value for key, value in CI["github"].items() if key != "branch"}
AWS = {"bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}
MINIO = {
    "provider": "minio",
    "endpoint-url": "https://minio.example.com",
    "bucket": "my-bucket",
    "prefix": "main",
    "versioning": True,
    "encryption": "sse-s3",
}
OURS = {"foreign-principals": {"accounts": [ACCOUNT], "repositories": ["acme/*"]}}
OPEN = {**OURS, "public-channels": {"channels": ["s3://my-bucket/main"]}}
ORGANIZATION = {"visibility": "organization", "aws": {"organization-id": "o-a1b2c3d4e5"}}

GOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "private on AWS": (AWS, {}),
    "public on AWS, named": ({**AWS, "visibility": "public"}, OPEN),
    "public by a pattern": ({**AWS, "visibility": "public"}, {"public-channels": {"channels": ["s3://my-*/*"]}}),
    "behind CloudFront, named": ({**AWS, "visibility": "public", "cdn": {}}, OPEN),
    "roles and an account of ours": (
        {**AWS, "publishers": {"ci": CI, "pinned": PINNED}, "readers": {"all": {"arn": ACCOUNT}}},
        OURS,
    ),
    "an organization of ours": (
        {**AWS, **ORGANIZATION},
        {"foreign-principals": {"organizations": ["o-a1b2c3d4e5"]}},
    ),
    "a wildcard that is meant": (
        {**AWS, "publishers": {"ci": {"github": {**REPOSITORY, "tag": "v*"}}}},
        {**OURS, "oidc-subjects": {"subjects": ["repo:acme/packages:ref:refs/tags/v*"]}},
    ),
    "a GitLab server of one's own": (
        {**AWS, "publishers": {"ci": {"gitlab": {"project": "a/b", "branch": "main", "host": "git.example.com"}}}},
        {"foreign-principals": {"issuers": ["git.example.com"]}},
    ),
    "KMS and nothing else": (
        {**AWS, "aws": {"kms-key-arn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1"}},
        {"encryption": {"algorithms": ["aws:kms"]}},
    ),
    "public on MinIO, named": ({**MINIO, "visibility": "public", "publishers": {"ci": PINNED}}, OPEN),
    "an adopted bucket of AWS": ({**AWS, "adopt": True, "readers": {"all": {"arn": ACCOUNT}}}, OURS),
    "an adopted bucket elsewhere": (
        {**{key: value for key, value in MINIO.items() if key not in ("versioning", "encryption")}, "adopt": True},
        {},
    ),
    "a bucket that is left alone": (
        {**MINIO, "endpoint-url": "http://minio.internal", "versioning": False},
        {"tls-only": {"buckets": ["my-bucket"]}, "versioning": {"buckets": ["my-bucket"]}},
    ),
    "keys on versitygw, where they are in the bucket's policy": (
        {**MINIO, "provider": "versitygw", "encryption": None, "publishers": {"ci": {"key": {}}}},
        {"undeclared-settings": {"buckets": ["my-bucket"]}},
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_stack_that_keeps_the_rules_has_no_violation_with_mocks(pack: Pack, case: str) -> None:
    config, allowed = GOOD[case]
    assert pack.found(declared({key: value for key, value in config.items() if value is not None}), allowed) == set()


# Stack config, pack config, and (rule, resource, words of the message) of each violation. The words include the key of
# the stack config that fixes it.
BAD: dict[str, tuple[dict[str, Any], dict[str, Any], set[tuple[str, str, str]]]] = {
    "public on AWS": (
        {**AWS, "visibility": "public"},
        OURS,
        {
            ("public-channels", "bucket-policy", "s3:GetObject on my-bucket/main/*; set `visibility`"),
            ("public-channels", "bucket-policy", "s3:ListBucket on my-bucket; set `visibility`"),
            ("public-channels", "bucket-public-access", "set `visibility`"),
            ("public-channels", "bucket-main-descriptor", "s3://my-bucket/main is public; set `visibility`"),
        },
    ),
    "public on AWS, another channel named": (
        {**AWS, "visibility": "public"},
        {"public-channels": {"channels": ["s3://my-bucket/other"]}},
        {
            ("public-channels", "bucket-policy", "s3:GetObject on my-bucket/main/*"),
            ("public-channels", "bucket-main-descriptor", "s3://my-bucket/main is public"),
        },
    ),
    "behind CloudFront": (
        {**AWS, "visibility": "public", "cdn": {}},
        OURS,
        {
            ("public-channels", "bucket-cdn", "my-bucket through CloudFront; remove `cdn`"),
            ("public-channels", "bucket-main-descriptor", "`visibility`"),
        },
    ),
    "public by ACL": (
        {**AWS, "provider": "b2", "region": "eu-central-003", "visibility": "public", "encryption": "sse-s3"},
        {"undeclared-settings": {"buckets": ["my-bucket"]}},
        {
            ("public-channels", "bucket-settings", "the ACL of my-bucket is public-read; set `visibility`"),
            ("public-channels", "bucket-main-descriptor", "`visibility`"),
        },
    ),
    "public on MinIO": (
        {**MINIO, "visibility": "public"},
        {},
        {
            ("public-channels", "bucket-policy", "s3:GetObject on my-bucket/main/*; set `visibility`"),
            ("public-channels", "bucket-policy", "s3:ListBucket on my-bucket; set `visibility`"),
            ("public-channels", "bucket-main-descriptor", "`visibility`"),
        },
    ),
    "no TLS on AWS": (
        {**AWS, "endpoint-url": "http://127.0.0.1:1", "provider": "aws", "readers": {"all": {"arn": ACCOUNT}}},
        OURS,
        {
            ("tls-only", "bucket-policy", "to my-bucket without TLS are not denied; use an `endpoint-url`"),
            ("tls-only", "bucket-preflight", "http://127.0.0.1:1 has no TLS; use an `endpoint-url`"),
        },
    ),
    "no TLS on MinIO": (
        {**MINIO, "endpoint-url": "http://minio.internal"},
        {},
        {("tls-only", "bucket-preflight", "http://minio.internal has no TLS; use an `endpoint-url`")},
    ),
    "a public URL without TLS": (
        {**MINIO, "visibility": "public", "public-url": "http://conda.example.com/main"},
        OPEN,
        {("tls-only", "bucket-main-descriptor", "http://conda.example.com/main has no TLS; use a `public-url`")},
    ),
    "another account": (
        {**AWS, "readers": {"other": {"arn": "210987654321"}}},
        OURS,
        {("foreign-principals", "bucket-policy", "210987654321:root has access and is not allowed; remove it from `p")},
    ),
    "another account in an adopted bucket": (
        {**AWS, "adopt": True, "readers": {"other": {"arn": "210987654321"}}},
        OURS,
        {("foreign-principals", "bucket-policy", "210987654321:root has access and is not allowed")},
    ),
    "another organization": (
        {**AWS, **ORGANIZATION},
        OURS,
        {
            (
                "foreign-principals",
                "bucket-policy",
                "organization o-a1b2c3d4e5 has access; correct `aws.organization-id`",
            )
        },
    ),
    "another repository": (
        {**AWS, "publishers": {"ci": {"github": {**REPOSITORY, "repository": "other/packages", "branch": "main"}}}},
        OURS,
        {("foreign-principals", "bucket-main-publisher-ci", "other/packages have access; remove it from `publishers`")},
    ),
    "another repository on MinIO": (
        {**MINIO, "publishers": {"ci": PINNED}},
        {},
        {
            (
                "foreign-principals",
                "bucket-main-publisher-ci-policy",
                "acme/packages have access; remove it from `publishers`",
            )
        },
    ),
    "another issuer": (
        {
            **AWS,
            "publishers": {"ci": {"oidc": {"issuer": "https://idp.example.com", "audience": "conda", "subject": "me"}}},
        },
        OURS,
        {
            (
                "foreign-principals",
                "bucket-main-publisher-ci",
                "tokens of idp.example.com have access; remove them from `publish",
            )
        },
    ),
    "a wildcard in a subject": (
        {**AWS, "publishers": {"ci": {"github": {**REPOSITORY, "branch": "release/*"}}}},
        OURS,
        {
            (
                "oidc-subjects",
                "bucket-main-publisher-ci",
                "'repo:acme/packages:ref:refs/heads/release/*' has a wildcard; write branch, tag, ref or environment "
                "in full (`publishers`",
            )
        },
    ),
    "a wildcard in a subject on MinIO": (
        {**MINIO, "publishers": {"ci": {"github": {**PINNED["github"], "branch": "release/*"}}}},
        OURS,
        {("oidc-subjects", "bucket-main-publisher-ci-policy", "refs/heads/release/*' has a wildcard")},
    ),
    "a repository by its name": (
        {**AWS, "publishers": {"ci": BY_NAME}},
        OURS,
        {("repository-ids", "bucket-main-publisher-ci", "acme/packages is trusted by its name; set `owner-id`")},
    ),
    "no versions on AWS": (
        {**AWS, "versioning": False},
        {},
        {("versioning", "bucket-versioning", "versioning is Suspended; set `versioning` to true")},
    ),
    "no versions on MinIO": (
        {**MINIO, "versioning": False},
        {},
        {("versioning", "bucket-settings", "versioning is Suspended; set `versioning` to true")},
    ),
    "not by KMS": (
        AWS,
        {"encryption": {"algorithms": ["aws:kms", "aws:kms:dsse"]}},
        {
            (
                "encryption",
                "bucket-encryption",
                "with AES256, but must be with aws:kms or aws:kms:dsse; set `aws.kms-key-arn`",
            )
        },
    ),
    "not by KMS on MinIO": (
        MINIO,
        {"encryption": {"algorithms": ["aws:kms"]}},
        {("encryption", "bucket-settings", "with AES256, but must be with aws:kms")},
    ),
    "nothing declared on MinIO": (
        {key: value for key, value in MINIO.items() if key not in ("versioning", "encryption")},
        {},
        {
            ("undeclared-settings", "bucket-bucket", "`versioning` is not declared; set it to true"),
            ("undeclared-settings", "bucket-bucket", "`encryption` is not declared; set it to sse-s3"),
        },
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_violation_names_the_key_that_fixes_it_with_mocks(pack: Pack, case: str) -> None:
    config, allowed, expected = BAD[case]
    said = pack.found(declared(config), allowed)
    for found in said:
        assert found.level == ("advisory" if found.policy == "repository-ids" else "mandatory"), found
        assert any(_is(found, *each) for each in expected), found
    for each in expected:
        assert any(_is(found, *each) for found in said), (each, said)


def _is(found: Found, policy: str, resource: str, words: str) -> bool:
    return found.policy == policy and found.message.startswith(f"{resource}: ") and words in found.message


def test_there_is_a_bad_config_for_each_rule() -> None:
    assert {policy for _, _, expected in BAD.values() for policy, _, _ in expected} == {rule.name for rule in RULES}


def test_a_role_whose_trust_is_not_known_yet_is_left_for_the_update_with_mocks(pack: Pack) -> None:
    made = declared({**AWS, "publishers": {"ci": CI}})
    unknown = [
        Declared(type_, name, {**inputs, "assumeRolePolicy": UNKNOWN} if type_ == "aws:iam/role:Role" else inputs)
        for type_, name, inputs in made
    ]
    said = pack.found(unknown, {})
    assert {(found.policy, found.level) for found in said} == {
        ("foreign-principals", "advisory"),
        ("oidc-subjects", "advisory"),
        ("repository-ids", "advisory"),
    }
    assert all("assumeRolePolicy can't be known during preview" in found.message for found in said)


def test_a_block_that_stands_needs_no_name_of_the_bucket_with_mocks(pack: Pack) -> None:
    unknown = [
        Declared(
            type_,
            name,
            {**inputs, "bucket": UNKNOWN} if type_ != "aws:s3/bucket:Bucket" and "bucket" in inputs else inputs,
        )
        for type_, name, inputs in declared({**AWS, "readers": {"all": {"arn": ACCOUNT}}})
    ]
    assert pack.found(unknown, OPEN) == set()


def test_the_pack_says_what_it_holds(pack: Pack) -> None:
    policies = pack.info().policies
    assert [each.name for each in policies] == [rule.name for rule in RULES]
    assert {each.name: set(each.configSchema.properties) for each in policies} == {
        rule.name: set(rule.config) for rule in RULES
    }


def test_the_packs_example_of_a_config_has_keys_of_the_rules_only() -> None:
    text = (PACK / "policy-config.json").read_text()
    assert text in (PACK / "README.md").read_text()
    example = json.loads(text)
    known: dict[str, set[str]] = {rule.name: {"enforcementLevel", *rule.config} for rule in RULES}
    assert set(example) <= {"all", *known}
    assert all(set(keys) <= known[name] for name, keys in example.items() if name != "all")


def test_the_example_stacks_break_the_rules_that_they_are_about_with_mocks(pack: Pack) -> None:
    broken = {}
    for path in sorted(ROOT.glob("Pulumi.*.yaml")):
        config = YAML(typ="safe").load(path.read_text())["config"]
        broken[path.stem.removeprefix("Pulumi.")] = {found.policy for found in pack.found(declared(config), OURS)}
    assert broken == {
        "adopted": set(),
        "aws-access": {"foreign-principals"},
        "aws-cdn": {"public-channels"},
        "aws-private": set(),
        "aws-public": {"public-channels"},
        "minio": {"undeclared-settings"},
        "minio-keys": {"undeclared-settings"},
        "r2": {"public-channels", "undeclared-settings"},
        "two-channels": {"undeclared-settings"},
    }
