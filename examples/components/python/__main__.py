"""A private channel on MinIO, and a key for one more who reads it."""

import pulumi

from chaninfra.pulumi import CondaChannel, Reader

config = pulumi.Config()

packages = CondaChannel(
    "packages",
    {
        "provider": "minio",
        "endpoint_url": config.require("endpoint-url"),
        "bucket": config.require("bucket"),
        "prefix": "main",
        "subdirs": ["linux-64", "osx-arm64"],
        "old_versions_days": 30,
        "publishers": {"ci": {"key": {"rotate": "2027-q1"}}},
    },
)
people = Reader("people", {"channel": packages.descriptor, "provider": "minio", "key": {}})

pulumi.export("channels", {"main": packages.descriptor})
pulumi.export("url", packages.url)
pulumi.export("key", {"id": people.access_key_id, "secret": people.secret_access_key})
