"""Stack configs for the policy pack: those that keep its rules, and those that break one."""

from __future__ import annotations

from typing import Any

ACCOUNT = "123456789012"


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
    "a channel that is followed on AWS": ({**AWS, "index": {"follow": {}}}, {}),
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
