"""The examination: which descriptor and which location the checks use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chaninfra.channel.errors import ConfigurationError, DeniedError, UnreachableError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectMeta, StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor, dump
from chaninfra.doctor.endpoint_contact import Contact
from chaninfra.doctor.examination import Examination, ReadResult
from chaninfra.doctor.remedies import Remedies, Source
from support.channels.channels import descriptor
from support.channels.examination import ANSWERED


def stored(document: bytes) -> StoredObject:
    entry = ObjectMeta(key="my-channel/channel.json", size=len(document), etag='"1"', modified=datetime.now(UTC))
    return StoredObject(data=document, content_type="application/json", entry=entry)


class Answered(Examination):
    """`answers`: the result of reading channel.json by the location's region."""

    def __init__(self, answers: dict[str, ReadResult], source: Source = "s3", **fields: Any) -> None:
        super().__init__(given=descriptor(), origin="assumed", remedies=Remedies(source=source), **fields)
        self.answers = answers
        vars(self)["contact"] = ANSWERED

    def read(self, location: Location, *_: object) -> ReadResult:
        return self.answers[location.region]


def in_region(region: str) -> Descriptor:
    return descriptor(region=region)


def test_the_stored_descriptor_of_an_s3_url_is_used_and_its_location_probed() -> None:
    moved = stored(dump(in_region("eu-1")))
    exam = Answered({"us-east-1": moved, "eu-1": None})
    assert exam.descriptor == in_region("eu-1")
    assert (exam.probed_location.region, exam.location_is_stored, exam.channel_json_read) == ("eu-1", True, None)
    assert exam.channel.origin == "descriptor"


def test_flags_override_the_stored_descriptor() -> None:
    def apply(found: Descriptor) -> Descriptor:
        return msgspec.structs.replace(found, region="us-east-1")

    exam = Answered({"us-east-1": stored(dump(in_region("eu-1")))}, apply_flags=apply)
    assert (exam.descriptor.region, exam.location_is_stored) == ("us-east-1", False)


@pytest.mark.parametrize("source", ["stack", "descriptor"])
def test_a_given_descriptor_takes_precedence_over_the_stored_one(source: Source) -> None:
    found = stored(dump(in_region("eu-1")))
    exam = Answered({"us-east-1": found}, source=source)
    assert (exam.descriptor, exam.stored_descriptor) == (descriptor(), in_region("eu-1"))
    assert (exam.location_is_stored, exam.channel_json_read) == (False, found)


def test_an_unreadable_channel_json_is_returned_as_its_error() -> None:
    denied = DeniedError("403")
    exam = Answered({"us-east-1": denied})
    assert (exam.stored_descriptor, exam.channel_json_read, exam.descriptor) == (denied, denied, descriptor())
    assert exam.probed_location == exam.given.location
    assert exam.channel.origin == "assumed"


def test_an_invalid_channel_json_is_returned_as_its_error() -> None:
    exam = Answered({"us-east-1": stored(b"{")})
    assert isinstance(exam.stored_descriptor, ConfigurationError)
    assert exam.descriptor == descriptor()


def test_the_descriptor_of_another_channel_is_not_used() -> None:
    exam = Answered({"us-east-1": stored(dump(descriptor("other")))})
    assert exam.descriptor == descriptor()


def test_nothing_is_read_from_an_endpoint_that_does_not_answer() -> None:
    exam = Answered({})
    vars(exam)["contact"] = Contact(failed_at="endpoint", message="no answer")
    assert isinstance(exam.channel_json_read, UnreachableError)
