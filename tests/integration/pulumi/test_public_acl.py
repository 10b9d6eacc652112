"""A bucket made public by its ACL, as on Backblaze B2; tested on versitygw, which supports that too."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.bucket_config import public_acl
from chaninfra.pulumi.bucket_session import Session, store_input
from chaninfra.pulumi.handlers import HANDLERS
from support.servers.s3_servers import Server


def b2(server: Server, bucket: str, visibility: str, **more: Any) -> StackSpec:
    at = {"endpoint-url": server.endpoint_url, "region": server.region, **more}
    return build_spec({"provider": "b2", "bucket": bucket, "visibility": visibility, **at}, where="stack.yaml")


def test_only_a_public_bucket_has_the_acl_setting(versitygw: Server) -> None:
    assert public_acl(b2(versitygw, "packages", "public")) == {"acl": "public-read"}
    assert public_acl(b2(versitygw, "packages", "private")) == {}
    opened_by_its_owner = {"adopt": True, "public-url": "https://conda.example.com"}
    assert public_acl(b2(versitygw, "packages", "public", **opened_by_its_owner)) == {}


def test_the_acl_is_set_restored_and_removed(versitygw: Server) -> None:
    bucket = f"packages-{secrets.token_hex(6)}"
    own = versitygw.client()
    own.create_bucket(Bucket=bucket)
    # versitygw accepts ACLs only with this setting; B2 always does.
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    own.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    own.put_object(Bucket=bucket, Key="repodata.json", Body=b"{}")
    stack = b2(versitygw, bucket, "public")
    (url,) = (f"{channel.public_url}/repodata.json" for channel in stack.channels)
    keys = {"access-key-id": versitygw.access_key_id, "secret-access-key": versitygw.secret_access_key}
    store = store_input(stack.bucket, "ns")
    settings = HANDLERS["settings"](Session(store, {f"ns:{key}": value for key, value in keys.items()}))
    props: dict[str, Any] = {"store": store, "settings": public_acl(stack)}
    assert not is_public(url)

    settings.create(props)
    assert is_public(url)
    assert settings.read(props) == props

    own.put_bucket_acl(Bucket=bucket, ACL="private")
    changed = settings.read(props)
    assert changed is not None
    assert changed["settings"] == {"acl": "private"}
    assert settings.diff(changed, props).changes
    settings.update(changed, props)
    assert is_public(url)

    settings.delete(props)
    assert not is_public(url)


def is_public(url: str) -> bool:
    try:
        with urlopen(url, timeout=30) as answer:  # noqa: S310
            status = answer.status
    except HTTPError as error:
        status = error.code
    assert status in (200, 403)
    return bool(status == 200)
