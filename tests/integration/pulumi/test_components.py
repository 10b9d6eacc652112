"""The programs in docs/components.md, by the real engine on MinIO."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaninfra.channel.outputs.descriptor import Descriptor, from_document, parse
from support.channels import channels
from support.paths import ROOT
from support.pulumi.components import python_stack, yaml_stack
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

PAGE = ROOT / "docs" / "components.md"


def program(language: str) -> str:
    """The first program of the page in that language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def used(stack: Stack, minio: Server, bucket: str) -> tuple[Descriptor, bytes, str]:
    """Deploys and destroys the stack; returns the descriptor in its outputs, the bytes of channel.json, and the URL."""
    ran = stack.preview()
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    outputs = stack.outputs(show_secrets=True)
    assert outputs["key"]["id"].startswith("main-reader-people-")
    # Encrypted in the state.
    assert outputs["key"]["secret"] not in stack.export()
    written: bytes = minio.client().get_object(Bucket=bucket, Key="main/channel.json")["Body"].read()
    assert all(name.startswith(("packages-", "people-")) for name in stack.resources())
    assert stack.up().done == {}
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert bucket not in channels.buckets(minio)
    # Compared after parsing: YAML programs drop the document's null values.
    return from_document(outputs["channels"]["main"], where="the output"), written, outputs["url"]


def test_the_yaml_and_the_python_program_write_equal_descriptors(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    config = {"bucket": bucket_name, "endpoint-url": minio.endpoint_url}
    in_python = python_stack(tmp_path / "python", program("python"), minio.environment(), **config)
    # Here the credentials are in the stack's config, the secret encrypted.
    in_yaml = yaml_stack(tmp_path / "yaml", program("yaml"), {}, **config, **{"access-key-id": minio.access_key_id})
    in_yaml.secret("secret-access-key", minio.secret_access_key)
    python, yaml = used(in_python, minio, bucket_name), used(in_yaml, minio, bucket_name)
    assert python == yaml
    descriptor, written, url = yaml
    assert descriptor == parse(written, where="channel.json")
    assert (descriptor.url, descriptor.provider) == (url, "minio")
    assert url == f"s3://{bucket_name}/main"
