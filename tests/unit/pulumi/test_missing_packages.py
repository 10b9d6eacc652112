"""A program or a dynamic resource whose package of the extra `pulumi` is not installed says so, before any change."""

from __future__ import annotations

import sys
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config

from chaninfra.channel.extras import MissingExtraError, install
from chaninfra.channel.outputs.descriptor import to_document
from chaninfra.pulumi import CondaChannel, Publisher, program
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.declaration import checked_spec
from chaninfra.pulumi.handlers import HANDLERS
from support.channels.channels import descriptor
from support.pulumi.mocks import Echo

STORE: StoreInput = {
    "bucket": "my-bucket",
    "endpoint-url": "https://minio.example.com",
    "region": "us-east-1",
    "force-path-style": True,
    "namespace": "ns",
}
NO_AWS = "a channel on Amazon S3 needs what the extra `pulumi` installs, and there is no pulumi-aws"


class NothingIsDeclared(Echo):
    """Mocks that refuse any resource but the components themselves."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        assert args.typ.startswith("chaninfra:index:"), args.typ
        return super().new_resource(args)


@pytest.fixture(autouse=True)
def _mocks(monkeypatch: pytest.MonkeyPatch) -> None:
    mocks.set_mocks(NothingIsDeclared(), project="chaninfra", stack="test", preview=False)
    # As Python does for a module that is not there.
    monkeypatch.setitem(sys.modules, "pulumi_aws", None)
    monkeypatch.setitem(sys.modules, "minio", None)


def test_the_stack_program_on_aws() -> None:
    set_all_config({"chaninfra:bucket": "my-bucket", "chaninfra:provider": "aws", "aws:region": "eu-central-1"})
    try:
        with pytest.raises(pulumi.RunError) as caught:
            pulumi_test(program)()
    finally:
        set_all_config({}, [])
    assert str(caught.value) == f"{NO_AWS}; run: {install('pulumi')}"


def test_the_components_on_aws() -> None:
    arguments = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1"}
    with pytest.raises(pulumi.RunError) as caught:
        CondaChannel("c", arguments)  # type: ignore[arg-type]
    assert str(caught.value).startswith(NO_AWS)
    channel = to_document(descriptor(provider="aws"))
    token = {"repository": "o/r", "branch": "main", "repository_id": "1", "owner_id": "2"}
    with pytest.raises(pulumi.RunError) as caught:
        Publisher("p", {"channel": channel, "provider": "aws", "github": token})  # type: ignore[typeddict-item]
    assert str(caught.value).startswith(NO_AWS)


def test_an_access_key_of_minio_in_a_preview() -> None:
    inputs = {"store": STORE, "way": "minio-admin", "user": "ci", "policy": {}, "rotate": ""}
    found = HANDLERS["access-key"](Session(STORE, {})).check({}, inputs)
    assert found is not None
    said = "an access key of MinIO needs what the extra `pulumi` installs, and there is no minio"
    assert found[1] == f"{said}; run: {install('pulumi')}"
    with pytest.raises(MissingExtraError):
        HANDLERS["access-key"](Session(STORE, {})).create(inputs)


def test_another_store_needs_no_package_of_aws() -> None:
    config = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
    assert checked_spec(config, where="x", region=None).channels
