"""An index in memory as the doctor examines it: what it finds, and states of an index that tests plant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks import index_files
from support.channels.examination import examination_in_memory
from support.index_model.memory_subdir import MemoryChannel, commit, package

REINDEX = "chaninfra reindex s3://b/c"
GC = "chaninfra gc s3://b/c"
TEN_MINUTES = IndexSettings(monolith=AtMostEvery(at_most_every="10m"))
NEVER = IndexSettings(monolith="never")


def channel(settings: IndexSettings | None = None) -> MemoryChannel:
    made = MemoryChannel(settings).skeleton()
    made.store.now = datetime.fromtimestamp(made.runtime.time / 1000, UTC)
    made.publish("a")
    return made


def later(of: MemoryChannel, **time: float) -> None:
    of.runtime.time += timedelta(**time) // timedelta(milliseconds=1)
    of.store.now = datetime.fromtimestamp(of.runtime.time / 1000, UTC)


def crashed(of: MemoryChannel, *names: str) -> None:
    """Commit packages by writers that end before they bring repodata.json and its zst forward."""
    from chaninfra.index.commit.change import Change

    for name in names:
        file, record = package(name)
        of.put(file, b"1")
        records = {file: record}
        commit(of.subdir_index, lambda records=records: Change(records=records), derive="later")  # type: ignore[misc]


def found(of: MemoryChannel) -> list[Finding]:
    return [*index_files.index(examination_in_memory(of))]


def only(of: MemoryChannel) -> Finding:
    [finding] = found(of)
    return finding
