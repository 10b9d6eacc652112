"""The check of channel.json."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import Descriptor, NewerDescriptorError
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks.descriptor import descriptor as check
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor
from support.channels.examination import S3, examination
from support.index_model.memory_store import MemoryStore

WHERE = "s3://my-bucket/my-channel/channel.json"
STACK = Remedies(source="stack", channel="stack:prod", stack="prod")
FILE = Remedies(source="descriptor", channel="channel.json")


def found(stored: Descriptor | Exception | None, remedies: Remedies = S3) -> Finding:
    cached = {"stored_descriptor": stored, "subdirs": ("noarch", "linux-64")}
    (finding,) = check(examination(remedies=remedies, cached=cached))
    return finding


def test_a_descriptor_of_this_channel_passes() -> None:
    for remedies in (S3, STACK, FILE):
        assert found(descriptor(), remedies) == Finding(state="ok", found=f"{WHERE} describes this channel")


def test_a_missing_descriptor() -> None:
    finding = found(None)
    assert (finding.state, finding.remedy) == ("warning", "chaninfra init s3://b/c --subdir linux-64")
    assert found(None, STACK) == Finding(
        state="failed", found=f"{WHERE} does not exist", remedy="pulumi up --stack prod"
    )
    assert found(None, FILE).remedy == "chaninfra init channel.json"


def test_an_unreadable_descriptor() -> None:
    finding = found(ConfigurationError("unknown key", where=WHERE, key=("index", "x"), remedy="remove it"))
    assert finding.found == f"{WHERE}, key index.x: unknown key"
    assert finding.remedy == "remove it; or delete it, then run: chaninfra init s3://b/c --subdir linux-64"
    assert found(ConfigurationError("is not JSON", where=WHERE), STACK).remedy == "pulumi up --stack prod"


@pytest.mark.parametrize("remedies", [S3, STACK, FILE])
@pytest.mark.parametrize(
    "error",
    [
        StorageError("answered 500", where=WHERE, remedy="try again"),
        NewerDescriptorError("is newer", where=WHERE, remedy="upgrade chaninfra"),
    ],
)
def test_a_descriptor_that_may_be_right_is_neither_deleted_nor_written_over(
    error: ChaninfraError, remedies: Remedies
) -> None:
    finding = found(error, remedies)
    assert (finding.state, finding.remedy) == ("failed", error.remedy)


def test_a_broken_descriptor_is_written_again_with_its_provider() -> None:
    broken = b'{"version": 2, "provider": "minio", "name": "my-channel",'
    store = MemoryStore()
    store.objects["c"] = ObjectBody(data=broken, content_type="")
    exam = examination(
        channel_json_read=store.get("c"),
        cached={"stored_descriptor": ConfigurationError("is not JSON", where=WHERE), "subdirs": ("noarch",)},
    )
    (finding,) = check(exam)
    assert finding.remedy == "delete it, then run: chaninfra init s3://b/c --provider minio"


@pytest.mark.parametrize(
    ("flags", "state", "told"),
    [
        ({"region": "eu-1"}, "warning", "`region` is us-east-1 there, and eu-1 by --region, which is used"),
        ({"provider": "custom"}, "warning", "`provider` is minio there, and custom by --provider, which is used"),
        ({"force_path_style": False}, "warning", "`force-path-style` is true there, and false by --force-path-style"),
        ({"endpoint_url": "https://inner"}, "ok", "https://inner by --endpoint-url, which is used"),
        ({"region": "us-east-1"}, "ok", "describes this channel"),
    ],
)
def test_an_option_that_contradicts_the_descriptor_is_told(flags: dict[str, Any], state: str, told: str) -> None:
    exam = examination(cached={"stored_descriptor": descriptor(), "subdirs": ("noarch",)})
    exam.apply_flags = lambda stored: structs.replace(stored, **flags)
    (finding,) = check(exam)
    assert (finding.state, told in finding.found) == (state, True), finding
    key = next(iter(flags)).replace("_", "-")
    assert finding.remedy == (f"leave out --{key}, or correct channel.json" if state == "warning" else None)


def test_the_descriptor_of_another_channel() -> None:
    assert found(descriptor("other")).found == f"{WHERE} describes another channel, s3://my-bucket/other"


def test_a_descriptor_that_differs_from_the_given_one() -> None:
    other = descriptor(subdirs=("noarch",), region="eu-1")
    assert found(other).state == "ok"
    finding = found(other, STACK)
    assert finding.found == (
        f"{WHERE} differs from the stack's output: `region` is eu-1, not us-east-1; "
        "`subdirs` is noarch, not noarch, linux-64, osx-arm64"
    )
    assert finding.remedy == "pulumi up --stack prod"
