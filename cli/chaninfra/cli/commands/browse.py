"""`chaninfra browse`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaninfra.browse.reading import Store
    from chaninfra.channel.errors import ChaninfraError
    from chaninfra.channel.outputs.descriptor import Descriptor


_MOST_TOLD = 20
"""So many different failures of the store are told."""


def browse(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="NAME", help="Begin with this snapshot in place of the channel as it is."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=1, max=65535, help="The port of 127.0.0.1 to serve at (default: a free one)."),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the URL, and open no browser.")] = False,
    store: StoreFlags,
) -> None:
    """Show a channel, also a private one, as a page in the browser.

    Serves the page of chaninfra on this machine, and to the page the index of the channel, which it reads with your
    credentials: packages, versions and dependencies, yanked ones, notices, snapshots, and the settings for clients.
    The browser gets neither the credentials nor any package.

    Runs until it is stopped by Ctrl-C. The URL that it prints works once, and in one browser; nobody else on this
    machine, and no other page in the browser, can read the channel by it.

    Needs the packages of the extra `browse`.

    \b
    Examples:
      chaninfra browse stack:prod
      chaninfra browse s3://my-bucket/my-channel --profile me
      chaninfra browse stack:prod --snapshot 2026-11
      chaninfra browse s3://my-bucket/my-channel --no-open --port 8765
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.channel.extras import require
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.remedies import name_channel

    require("browse", what="`chaninfra browse`")
    with interruptible(lambda: StoppedError("stopped")):
        descriptor, open_store = _found(channel, store, snapshot)
    seen: set[str] = set()

    def tell(error: ChaninfraError) -> None:
        """Say on the terminal, once, what was wrong with a request of the page."""
        if error.summary not in seen and len(seen) < _MOST_TOLD:
            seen.add(error.summary)
            name_channel(error, channel, store)
            streams.warning(error)

    place = f"#/?snapshot={snapshot}" if snapshot else ""
    _serve(descriptor, open_store, port, tell, place, opens=not no_open)


def _found(text: str | None, flags: StoreFlags, snapshot: str | None) -> tuple[Descriptor, Callable[[], Store]]:
    """The channel as the command line describes it, and what opens its store. Raises ConfigurationError; StorageError
    if its index cannot be read.
    """
    from msgspec.structs import replace

    from chaninfra.channel.conda.index_files import FILE_NAMES
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.objects import exists
    from chaninfra.channel.s3.object_store import S3Store
    from chaninfra.cli.channel_argument.credentials import credentials_for
    from chaninfra.cli.channel_argument.find import find, single
    from chaninfra.cli.channel_argument.snapshot import require_snapshot
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.channel import Channel
    from chaninfra.index.contents import known_subdirs

    found = single(find(text, flags, "strict"))
    credentials = credentials_for(found, flags, "read")
    opened = Channel(descriptor=found.descriptor, credentials=credentials, origin=found.origin)
    descriptor = replace(found.descriptor, subdirs=known_subdirs(opened))
    reading = opened.store()
    if not any(exists(reading, descriptor.key(subdir, FILE_NAMES["shards"])) for subdir in descriptor.subdirs):
        raise ConfigurationError(
            f"no subdir has a {FILE_NAMES['shards']}, which the page reads",
            where=descriptor.url,
            remedy=f"make it of the packages that are there: `{remedies_for(text, flags).command('reindex')}`",
        )
    if snapshot is not None:
        require_snapshot(snapshot, [found], flags, offline=False)
    return descriptor, lambda: S3Store(descriptor.location, credentials_for(found, flags, "read"))


def _serve(
    descriptor: Descriptor,
    open_store: Callable[[], Store],
    port: int | None,
    tell: Callable[[ChaninfraError], None],
    place: str,
    *,
    opens: bool,
) -> None:
    """`place`: what is added to the URL, so that the page begins there."""
    import signal
    import threading

    from chaninfra.browse.server import PageServer
    from chaninfra.channel.errors import ChaninfraError

    stopped = threading.Event()

    def finish(number: int, _frame: object) -> None:
        stopped.set()
        signal.signal(number, signal.SIG_DFL)

    server = PageServer(descriptor, open_store, port, stopped.set, tell)
    url = server.url + place
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, finish)
    streams.step(f"showing {descriptor.url} until Ctrl-C; this URL works once, in one browser:")
    streams.result(url)
    if opens:
        threading.Thread(target=_open, args=(url,), daemon=True).start()
    # With a time, since Windows tells of Ctrl-C only then.
    while not stopped.wait(1):
        pass
    server.stop()
    if server.failed:
        raise ChaninfraError("the server ended by itself", where=descriptor.url, remedy="start it again")


def _open(url: str) -> None:
    """Open the browser, if one can be seen: where there is no screen, Python would take one of the terminal."""
    import os
    import sys
    import webbrowser

    seen = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    if not seen or not webbrowser.open(url):
        streams.note("no browser could be opened here: open the URL yourself")
