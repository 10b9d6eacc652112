"""`chaninfra follow`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from chaninfra.follow.log import Log
    from chaninfra.index.channel import Channel


def follow(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Find changes by a listing, this often: `30s`, `10m` or `1h`. Works with every store; a listing has "
            "a request for each 1,000 objects.",
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Take events by POST (webhooks of MinIO, RustFS, versitygw, Ceph, SeaweedFS) at this address, "
            "127.0.0.1:8765 for one; also serves /healthz and /metrics. Needs a secret.",
        ),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the secret that senders show in the header Authorization (default: "
            "$CHANINFRA_FOLLOW_SECRET).",
        ),
    ] = None,
    sqs: Annotated[str | None, typer.Option(metavar="URL", help="Take events from this queue of Amazon SQS.")] = None,
    store: StoreFlags,
) -> None:
    """Keep the index in line with what any tool uploads or deletes.

    Runs until it is stopped. Takes the events of the store, and looks at the packages that they name: new ones are
    indexed, deleted ones lose their record, both by a commit for all that came within half a second. An event is only
    a hint: doubled, late or forged ones change nothing. When it starts, and every hour, it compares the channel with
    its index, so that nothing is lost that happened while it was away. Mirrors with `every` run beside that, when
    they are due. Several may run at once. SIGTERM finishes what has come.

    A package that gets other bytes under the name that it has is held: its record stays, which is logged as an error
    (see `index.follow.overwrites`). What cannot be indexed is in .chaninfra/left-out.json, and `chaninfra ls` and
    `doctor` show it.

    Writes a log to stdout, one JSON object a line.

    Needs the packages of the extra `follow`.

    \b
    Examples:
      chaninfra follow stack:prod --every 30s
      CHANINFRA_FOLLOW_SECRET=... chaninfra follow stack:prod --listen 127.0.0.1:8765
      chaninfra follow s3://my-bucket/my-channel --sqs https://sqs.eu-1.amazonaws.com/123456789012/my-queue
    """
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.cli.channel_argument.find import open_channel

    if every is None and listen is None and sqs is None:
        raise ConfigurationError(
            "it is not said how changes are found",
            where="chaninfra follow",
            remedy="add --every 30s (a listing), --listen 127.0.0.1:8765 (a webhook) or --sqs URL (a queue)",
        )
    _run(lambda: open_channel(channel, store, "write"), every, listen, secret_file, sqs)


def _run(
    open_channel: Callable[[], Channel],
    every: str | None,
    listen: str | None,
    secret_file: Path | None,
    sqs: str | None,
) -> None:
    import signal
    import threading

    from chaninfra.channel.errors import ChaninfraError
    from chaninfra.channel.extras import require
    from chaninfra.cli.durations import seconds_of

    list_every = seconds_of(every, "--every")
    address = _address(listen)
    require("follow", what="`chaninfra follow`")
    from chaninfra.follow.follower import Follower
    from chaninfra.follow.log import Log
    from chaninfra.follow.metrics import Metrics
    from chaninfra.follow.mirrors import MirrorRuns
    from chaninfra.follow.queue import QueueReader, check_queue_url
    from chaninfra.follow.secret import read_secret
    from chaninfra.follow.webhook import Server

    secret = read_secret(secret_file) if address is not None else None
    if sqs is not None:
        check_queue_url(sqs)
    log, metrics, stopped = Log(), Metrics(), threading.Event()

    def finish(number: int, _frame: object) -> None:
        stopped.set()
        # The second one ends the process: a commit can be broken off anywhere.
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, finish)
    server = Server(metrics, log, secret, *address) if address is not None and secret is not None else None
    if server is not None:
        # Before the store is asked: versitygw starts only where somebody listens.
        server.start()
    opened = _opened(open_channel, log, stopped)
    if opened is None:
        return
    mirrors = MirrorRuns(open_channel, log)
    follower = Follower(open_channel, metrics, log, channel=opened, list_every=list_every, mirrors=mirrors.look)
    if server is not None:
        server.follower = follower
        if server.failed:
            follower.stop()
    queue = QueueReader(follower, sqs, open_channel) if sqs is not None else None
    if queue is not None:
        queue.start()

    def stop() -> None:
        stopped.wait()
        # First what brings events: none is taken that nobody would follow.
        for source in (queue, server):
            if source is not None:
                source.stop()
        follower.stop()

    threading.Thread(target=stop, daemon=True).start()
    log.write("started", channel=opened.descriptor.url, listen=listen, every=every, queue=sqs)
    left = follower.run()
    log.write("stopped", "warning" if left else "info", left=left)
    if left:
        raise ChaninfraError(
            f"stopped with {left:,} names that could not be followed",
            where=opened.descriptor.url,
            remedy="start it again: it finds them by a listing",
        )
    if server is not None and server.failed:
        raise ChaninfraError(
            "the server that takes events ended by itself, so the follower stopped",
            where=f"--listen {listen}",
            remedy="start it again; the log has the reason",
        )


def _opened(open_channel: Callable[[], Channel], log: Log, stopped: Event) -> Channel | None:
    """The channel, as soon as its store can be reached; None: it was stopped before. Raises what `open_channel` does,
    but for a store that cannot be reached.
    """
    from chaninfra.channel.errors import UnreachableError

    seconds = 0.5
    while not stopped.is_set():
        try:
            return open_channel()
        except UnreachableError as error:
            log.failed("failed", error, again_in_seconds=seconds)
            stopped.wait(seconds)
            seconds = min(60.0, 2 * seconds)
    return None


def _address(listen: str | None) -> tuple[str, int] | None:
    import re

    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown

    if listen is None:
        return None
    found = re.fullmatch(r"(?:(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):)?([0-9]{1,5})", listen)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise ConfigurationError(
            f"{shown(listen)} is not HOST:PORT", where="--listen", remedy="write 127.0.0.1:8765, or 0.0.0.0:8765"
        )
    return (found[1] or "127.0.0.1").strip("[]"), int(found[2])
