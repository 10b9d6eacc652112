"""The user's cache folder."""

from __future__ import annotations

import threading
from pathlib import Path

from chaninfra.engine import cache
from support.pulumi.fake_engine import wait_for


def test_a_partial_folder_of_a_killed_process_is_removed(path: Path, tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "thing.partial").mkdir()
    (tmp_path / "thing.partial" / "half").touch()
    cache.kept(tmp_path / "thing", lambda folder: (folder / "whole").touch(), lines.append)
    assert [file.name for file in (tmp_path / "thing").iterdir()] == ["whole"]
    assert not (tmp_path / "thing.partial").exists()


def test_of_two_threads_only_one_does_the_work(tmp_path: Path, lines: list[str]) -> None:
    filled, begun = [], threading.Event()

    def fill(folder: Path) -> None:
        begun.set()
        wait_for(lambda: bool(lines))
        filled.append(folder)

    first = threading.Thread(target=cache.kept, args=(tmp_path / "thing", fill, lines.append))
    first.start()
    begun.wait(20)
    cache.kept(tmp_path / "thing", fill, lines.append)
    first.join()
    assert len(filled) == 1
    assert lines == [f"another process is creating {tmp_path / 'thing'}: waiting for it"]
