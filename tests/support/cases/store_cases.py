"""A stack config for each store, and the public URL that follows from it."""

from __future__ import annotations

# Provider → the config keys that it requires beside `bucket`.
NEEDED: dict[str, dict[str, str]] = {
    "aws": {"region": "eu-central-1"},
    "minio": {"endpoint-url": "https://minio.example.com"},
    "r2": {"account-id": "a1"},
    "wasabi": {"region": "de-1"},
    "b2": {"region": "us-west-004"},
    "gcs": {},
    "hetzner": {"location": "fsn1"},
    "digitalocean": {"region": "nyc3"},
    "scaleway": {"region": "fr-par"},
    "ovh": {"region": "gra"},
    "tigris": {},
    "ceph": {"endpoint-url": "https://ceph.example.com"},
    "garage": {"endpoint-url": "https://garage.example.com"},
    "seaweedfs": {"endpoint-url": "https://weed.example.com"},
    "versitygw": {"endpoint-url": "https://gw.example.com"},
    "rustfs": {"endpoint-url": "https://rust.example.com"},
    "localstack": {"endpoint-url": "https://localstack.example.com"},
    "custom": {"endpoint-url": "https://s3.example.com"},
}
# Provider → URL of a public channel with the prefix `main`; None: the config must have `public-url`.
PUBLIC = {
    "aws": "https://my-bucket.s3.eu-central-1.amazonaws.com/main",
    "minio": "https://minio.example.com/my-bucket/main",
    "r2": None,
    "wasabi": "https://my-bucket.s3.de-1.wasabisys.com/main",
    "b2": "https://s3.us-west-004.backblazeb2.com/my-bucket/main",
    "gcs": "https://my-bucket.storage.googleapis.com/main",
    "hetzner": "https://my-bucket.fsn1.your-objectstorage.com/main",
    "digitalocean": "https://my-bucket.nyc3.digitaloceanspaces.com/main",
    "scaleway": "https://my-bucket.s3.fr-par.scw.cloud/main",
    "ovh": None,
    "tigris": None,
    "ceph": "https://ceph.example.com/my-bucket/main",
    "garage": None,
    "seaweedfs": "https://weed.example.com/my-bucket/main",
    "versitygw": "https://gw.example.com/my-bucket/main",
    "rustfs": "https://rust.example.com/my-bucket/main",
    "localstack": "https://localstack.example.com/my-bucket/main",
    "custom": "https://s3.example.com/my-bucket/main",
}
