"""What people are told who did something wrong, or what is there already: what, where, and what to type next."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, Place
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.fault_server import faulty, strips_conditions
from support.servers.s3_servers import Server


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A channel without packages."""
    minio.client().create_bucket(Bucket=bucket_name)
    made = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(minio, made.url, provider="minio")
    return made


def test_all_files_that_cannot_be_published_are_named(place: Place, tmp_path: Path) -> None:
    text = tmp_path / "text-1.0-0.conda"
    text.write_text("not a package")
    folder = tmp_path / "folder-1.0-0.conda"
    folder.mkdir()
    renamed = make_package(tmp_path, "tool", "1.0").rename(tmp_path / "tool-2.0-0.conda")
    other, missing = tmp_path / "notes.txt", tmp_path / "missing-1.0-0.conda"
    other.touch()
    good = make_package(tmp_path, "good", "1.0")
    done = place.run("publish", text, good, folder, renamed, other, missing)
    assert done.returncode == 2
    for path in (text, folder, renamed, other, missing):
        assert done.stderr.count(f"\n  {path}: ") == 1
    assert "5 of 6 files cannot be published; nothing was uploaded" in done.stderr
    assert "name the file tool-1.0-0.conda" in done.stderr
    assert str(good) not in done.stderr
    assert place.repodata("noarch")["packages.conda"] == {}


def test_all_packages_of_subdirs_that_the_channel_lacks_are_named(place: Place, tmp_path: Path) -> None:
    declared = replace(place, url=f"s3://{place.bucket}/{PREFIX}")
    packages = [make_package(tmp_path, name, "1.0", subdir="linux-ppc64le") for name in ("one", "two")]
    done = declared.run("publish", *packages)
    assert done.returncode == 2
    assert all(str(path) in done.stderr for path in packages)


def test_published_again_is_not_said_to_be_uploading(place: Place, tmp_path: Path) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    place.done("publish", package)
    done = place.run("publish", package)
    assert "uploading" not in done.stderr
    assert "hello-1.0-0.conda: already there" in done.stdout
    assert "(as before)" in done.stdout


def test_an_overwritten_package_is_a_change(place: Place, tmp_path: Path) -> None:
    place.done("publish", make_package(tmp_path, "hello", "1.0"))
    (tmp_path / "other").mkdir()
    other = make_package(tmp_path / "other", "hello", "1.0", payload=b"other")
    said = place.done("publish", "--force", other)
    assert said.splitlines() == ["noarch/hello-1.0-0.conda: replaced", "noarch: 1 package (1 replaced)"]


def test_force_on_the_same_bytes_says_that_they_are_the_same(place: Place, tmp_path: Path) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    place.done("publish", package)
    assert "already there, with the same bytes" in place.done("publish", "--force", package)


def test_unyank_of_what_is_not_yanked_says_so(place: Place, tmp_path: Path) -> None:
    place.done("publish", make_package(tmp_path, "hello", "1.0"), make_package(tmp_path, "hullo", "1.0"))
    done = place.run("unyank", "hello")
    assert done.returncode == 1
    assert "not yanked: noarch/hello-1.0-0.conda\n  it is in the index; leave it out" in done.stderr
    assert "no such package" not in done.stderr
    place.done("yank", "hullo")
    unknown = place.run("unyank", "hullu")
    assert "there is no such package: hullu" in unknown.stderr
    assert "did you mean 'hullo'?" in unknown.stderr
    assert "did you mean 'hello'?" in place.run("yank", "helo").stderr
    assert "did you mean 'hello'?" in place.run("yank", "helo >=1").stderr
    # A hint at the name alone would select all versions.
    assert "did you mean" not in place.run("yank", "hello >=2").stderr
    assert "did you mean 'hello-1.0-0.conda'?" in place.run("yank", "noarch/helo-1.0-0.conda").stderr


def test_init_on_another_channel_says_what_differs(place: Place) -> None:
    done = place.run("init", "--provider", "minio", "--name", "other", "--subdir", "linux-64", "--visibility", "public")
    assert done.returncode == 4
    assert "`name` is c, and not other" in done.stderr
    assert "`visibility` is private, and not public" in done.stderr
    # Subdirs are added and none is removed, so that fewer are no difference.
    assert "`subdirs` is" not in done.stderr
    assert "region" not in done.stderr


def test_init_with_writers_single_does_not_ask_for_it(minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    with faulty(minio, strips_conditions) as server:
        place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
        made = place.run("init", "--provider", "minio", "--writers", "single")
        assert made.returncode == 0
        assert "--writers single" not in made.stderr
        assert "one writer at a time, as declared" in made.stderr
        # And it stays declared.
        again = place.run("init", "--provider", "minio")
        assert "--writers single" not in again.stderr


def test_init_prints_the_whole_command_that_declares_a_single_writer(minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    with faulty(minio, strips_conditions) as server:
        place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
        made = place.run("init", "--provider", "minio", "--subdir", "linux-64", "--name", "mine")
    (command, *_) = [line for line in made.stderr.splitlines() if "--writers single" in line]
    assert f"chaninfra init {place.url} " in command
    for flag in ("--subdir linux-64", "--name mine", f"--endpoint-url {server.endpoint_url}"):
        assert flag in command


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stops_no_publish(place: Place, tmp_path: Path, closed: str) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    words = shlex.join(["publish", str(package), "-c", place.url, "--endpoint-url", place.server.endpoint_url])
    command = f"{shlex.quote(sys.executable)} -m chaninfra.cli {words} {closed}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, **place.server.environment()},
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done
    assert list(place.repodata("noarch")["packages.conda"]) == [package.name]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("./hello-1.0-0.conda", "without its folder: hello-1.0-0.conda"),
        ("", "'': is not a match spec"),
        ("hello >", "write `name`"),
        (
            "/home/me/hello-1.0-0.conda",
            "names one file, but not as the channel does\n  give the name of the file, without",
        ),
        ("file:///home/me/hello-1.0-0.conda", "without its folder: hello-1.0-0.conda"),
        ("hello[fn=hello-1.0-0.conda]", "write `name`"),
    ],
)
def test_a_word_that_names_no_package(place: Place, word: str, told: str) -> None:
    done = place.run("yank", word)
    assert done.returncode == 2
    assert told in done.stderr
