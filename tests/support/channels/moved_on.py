"""A channel on a server that moves on: what it lists at first is yanked, and newer packages are published."""

from __future__ import annotations

from pathlib import Path

from support.channels.channel_at import Place, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server

NAMES = ["hello", "tool"]


def filled(server: Server, bucket: str, folder: Path) -> Place:
    """A channel with hello 1.0, and tool 1.0, which needs it."""
    made = new_place(server, bucket, "noarch", "linux-64")
    made.done(
        "publish",
        make_package(folder, "hello", "1.0", payload=b"the first\n"),
        make_package(folder, "tool", "1.0", subdir="linux-64", depends=["hello"]),
    )
    return made


def move_on(place: Place, folder: Path) -> None:
    """The first hello is yanked, and newer packages are published."""
    place.done("yank", "hello==1.0", "--reason", "broken")
    place.done("publish", make_package(folder, "hello", "2.0", payload=b"the second\n"))
    place.done("publish", make_package(folder, "tool", "2.0", subdir="linux-64", depends=["hello >=2"]))


def hello(folder: Path) -> bytes:
    """What the hello has that was installed there: `the first` or `the second`."""
    return (folder / "prefix" / "share" / "hello.txt").read_bytes()
