"""Copies into a channel whose patches have no more room."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chaninfra.channel.errors import ExitCode
from chaninfra.index.patches import document
from chaninfra.index.patches.document import read_patches, update_patches
from support.index_model.copying import MemorySource, copied
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import channel_with, file
from support.index_model.rolling_back import opened, records

A, B, C = file("a"), file("b"), file("c")
WIDE = {"license": "x" * 500}


def limit(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(document, "_DOCUMENT", dataclasses.replace(document._DOCUMENT, max_bytes=most))


def patched_files(store: MemoryStore) -> set[str]:
    return set(read_patches(opened(store).subdir_index("noarch"))[0])


def hotfixed(source: MemorySource, *names: str) -> MemorySource:
    """The source, read by https: it tells no patches, and has changed the records of these files."""

    def change(record: dict[str, Any]) -> None:
        record.update(WIDE)

    return MemorySource(store=source.store, tells_patches=False, hotfixes=dict.fromkeys(names, change))


def test_a_patch_without_room_fails_its_package_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source, store = MemorySource(store=channel_with("a", "b", "c")), channel_with("x")
    limit(monkeypatch, 600)
    done = copied(store, hotfixed(source, A, C))
    assert [each.package.file for each in done.packages] == [B]
    assert [each.package for each in done.failed] == [f"noarch/{A}", f"noarch/{C}"]
    error = done.failed[0].error
    assert error.exit_code == ExitCode.SKIPPED
    assert "no room for the patch" in error.message
    assert ".chaninfra/patches/noarch.json" in error.message
    assert "chaninfra patch rm" in (error.remedy or "")
    assert records(store).keys() == {B, file("x")}
    assert patched_files(store) == set()


def test_a_package_whose_patch_is_there_already_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source, store = MemorySource(store=channel_with("a", "b", "c")), channel_with("x")
    copied(store, hotfixed(source, A), "a")
    limit(monkeypatch, 1000)
    # What b has changed has no room beside the patch of a.
    done = copied(store, hotfixed(source, A, B), process="again")
    assert [each.package for each in done.failed] == [f"noarch/{B}"]
    assert [each.package.file for each in done.packages] == [C]
    assert records(store)[A]["license"] == WIDE["license"]
    limit(monkeypatch, 8 << 20)
    done = copied(store, hotfixed(source, A, B), process="with-room")
    assert ([each.package.file for each in done.packages], done.failed) == ([B], ())
    assert patched_files(store) == {A, B}


def test_a_package_whose_patch_a_killed_copy_has_written_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source, other, store = MemorySource(store=channel_with("a", "b")), channel_with("x"), channel_with("x")
    copied(other, hotfixed(source, A), "a")
    written = read_patches(opened(other).subdir_index("noarch"))[0]
    update_patches(opened(store).subdir_index("noarch"), lambda _: written)
    limit(monkeypatch, 1000)
    done = copied(store, hotfixed(source, A, B))
    assert [each.package.file for each in done.packages] == [A]
    assert [each.package for each in done.failed] == [f"noarch/{B}"]
