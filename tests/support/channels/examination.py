"""An examination whose requests are answered beforehand, for unit tests of the doctor's checks."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.objects import StoredObject
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.doctor.endpoint_contact import Contact
from chaninfra.doctor.examination import Examination, ReadResult
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor
from support.index_model.memory_subdir import MemoryChannel

ANSWERED = Contact(failed_at=None, message="http 403 to an unsigned request")
S3 = Remedies(source="s3", channel="s3://b/c")


def examination(
    *,
    contact: Contact = ANSWERED,
    channel_json_read: ReadResult = None,
    other_style: ReadResult = None,
    remedies: Remedies = S3,
    cached: dict[str, Any] | None = None,
    **given: Any,
) -> Examination:
    """An examination of `descriptor(**given)`.

    `channel_json_read`: the result of reading channel.json; `other_style`: the same with the other addressing style.
    `cached`: further cached properties and fields.
    """
    exam = _Answered(given=descriptor(**given), origin="descriptor", remedies=remedies)
    exam.other_style = other_style
    stored = None if isinstance(channel_json_read, StoredObject) else channel_json_read
    vars(exam).update(contact=contact, channel_json_read=channel_json_read, stored_descriptor=stored)
    vars(exam).update(probed_location=exam.given.location, descriptor=exam.given, pixi_trusts_endpoint=True)
    vars(exam).update(**(cached or {}))
    return exam


def examination_in_memory(channel: MemoryChannel, **given: Any) -> Examination:
    """An examination of a channel in memory, with the settings of its index."""
    settings = channel.layout.index
    index = DescribedIndex(monolith=settings.monolith, history_days=settings.history_days)
    cached = {"store": channel.store, "subdirs": ("noarch",)}
    exam = examination(cached=cached, index=index, **given)
    vars(exam)["subdir_index"] = lambda subdir: channel.subdir_index
    return exam


class _Answered(Examination):
    other_style: ReadResult = None

    def read(self, *_: object) -> ReadResult:
        return self.other_style
