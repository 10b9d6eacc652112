"""The check of channel.json."""

from __future__ import annotations

from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks.descriptor import descriptor as check
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor
from support.channels.examination import S3, examination

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
    finding = found(StorageError("answered 500"), STACK)
    assert (finding.found, finding.remedy) == (f"{WHERE}: answered 500", "pulumi up --stack prod")


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
