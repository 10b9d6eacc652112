"""What the doctor says of a channeldata.json that the channel does not ask for."""

from __future__ import annotations

from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks.channeldata import channeldata
from chaninfra.index.channeldata.document import body
from support.channels.examination import examination_in_memory
from support.channels.examined_index import GC, channel

UNASKED = "`index.channeldata` does not ask for it"


def found(data: ObjectBody | None) -> Finding:
    it = channel()
    exam = examination_in_memory(it)
    if data is not None:
        it.store.objects[exam.descriptor.key("channeldata.json")] = data
    [finding] = channeldata(exam)
    return finding


def test_where_there_is_none() -> None:
    assert found(None) == Finding(state="ok", found=f"no channeldata.json: {UNASKED}")


def test_that_of_another_tool() -> None:
    theirs = ObjectBody(data=b"{}", content_type="")
    assert found(theirs) == Finding(state="ok", found=f"channeldata.json is another tool's: {UNASKED}")


def test_one_that_no_command_brings_in_line_any_more() -> None:
    said = f"channeldata.json is there, and no command brings it in line any more: {UNASKED}"
    assert found(body({}, [], {}, "no-store")) == Finding(state="warning", found=said, remedy=GC)
