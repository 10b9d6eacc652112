"""Packages are read in bounded memory, whatever their number and size."""

from __future__ import annotations

import time
from threading import Lock

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.objects import ObjectBody, StoredObject
from chaninfra.index import package_reader
from chaninfra.index.package_reader import Read, read_packages
from chaninfra.index.runtime import Threads
from chaninfra.index.subdir_index import SubdirIndex
from support.channels.archives import conda, index_json
from support.index_model.memory_store import MemoryStore


class _Counting(MemoryStore):
    """Knows how many packages were read at the same time at most."""

    def __init__(self) -> None:
        super().__init__()
        self.most = self._now = 0
        self._lock = Lock()

    def get(self, key: str, most: int = 1 << 24) -> StoredObject | None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.01)
        with self._lock:
            self._now -= 1
        return super().get(key, most)


@pytest.mark.parametrize(("fit", "most"), [(1, 1), (3, 3)])
def test_only_so_many_packages_are_read_at_once_as_fit_into_memory(
    monkeypatch: pytest.MonkeyPatch, fit: int, most: int
) -> None:
    store = _Counting()
    for number in range(20):
        data = conda(index_json("a", version=str(number)))
        store.put(f"ch/noarch/a-{number}-0.conda", ObjectBody(data=data, content_type=""))
    size = max(len(body.data) for body in store.objects.values())
    monkeypatch.setattr(package_reader, "_IN_MEMORY", fit * size)
    subdir_index = SubdirIndex(
        store=store, layout=ChannelLayout("ch", ("noarch",), IndexSettings()), subdir="noarch", runtime=Threads(8)
    )
    listed = [(key.rsplit("/", 1)[1], store.entry(key)) for key in store.objects]
    read = [*read_packages(subdir_index, listed, lambda _: None)]
    assert all(isinstance(each, Read) and each.record for each in read)
    assert len(read) == 20
    assert store.most == most
