"""`chaninfra notice add`, `ls` and `rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chaninfra.channel.errors import StoppedError
    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.channel import Channel
    from chaninfra.index.notices import Entry, Notice

HELP = """Tell the users of a channel something, which their clients show.

\b
The notices are in notices.json at CHANNEL (CEP 6). conda, pixi and rattler-build
show each of them once, below the output of a command on the channel.
"""
_DAYS = 30


def add(
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What users should know, on one line.")],
    id_: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="The id of the notice (default: a new one). Clients show no id twice, conda not even one of another "
            "channel.",
        ),
    ] = None,
    level: Annotated[
        Literal["info", "warning", "critical"], typer.Option("--level", help="How important it is.")
    ] = "info",
    expires: Annotated[
        str,
        typer.Option(
            "--expires",
            metavar="TIME",
            help="Until when it holds: 30d, 12h, 2027-01-31T12:00Z or 2027-01-31.",
        ),
    ] = f"{_DAYS}d",
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Add a notice to a channel.

    It becomes the first one: conda shows only five new ones at once. Notices that other tools wrote stay as they are.
    For maintainers.

    \b
    Examples:
      chaninfra notice add "Python 3.9 is no longer built: https://example.com/news" -c stack:prod
      chaninfra notice add "Update ourtool to 2.1" --level critical --expires 2027-01-31
    """
    from datetime import UTC, datetime

    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, notice_readers
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index import notices

    # A text may well begin with a link.
    refuse_channels([] if " " in text else [text], "notice add", "TEXT")
    remedies = remedies_for(channel, store)
    now = datetime.now(UTC).replace(microsecond=0)
    made = notices.new_notice(text, level, now=now, until=_until(expires, now), id_=id_)
    # With its id: the notice may have been written, and is then found, and not added twice.
    again = remedies.command("notice add", text, "--id", made.id, "--level", level, "--expires", expires)

    def stopped() -> StoppedError:
        from chaninfra.channel.errors import StoppedError

        listing = remedies.command("notice ls")
        return StoppedError("stopped: the notice may be there", remedy=f"`{listing}` says so; else: `{again}`")

    with interruptible(stopped):
        opened = open_channel(channel, store, "write")
        found = notices.add(opened, made)
        cdn_refresh.refresh_notices(opened)
    streams.result_json(_made_json(opened, made)) if as_json else streams.result(_made_text(opened, made))
    notice_readers.tell(opened)
    _name_expired(found.entries, remedies)


def ls(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """List the notices of a channel.

    Also those that other tools wrote. A note names those whose time is over: conda shows them until they are removed.

    \b
    Examples:
      chaninfra notice ls
      chaninfra notice ls stack:prod --json
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.notices import list_notices

    with interruptible(lambda: StoppedError("stopped")):
        opened = open_channel(channel, store, "read")
        found = list_notices(opened)
    _name_expired(found, remedies_for(channel, store))
    streams.result_json(_listed_json(found)) if as_json else streams.result(_listed_text(found))


def rm(
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids of notices, as `notice ls` lists them.")],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Remove notices from a channel.

    Clients that have shown a notice do not take it back; conda may show one for a day after. If there is none of an id,
    none is removed. For maintainers.

    \b
    Examples:
      chaninfra notice rm 1cd1d8e5-d96c-42d1-9c29-e8120ad80823
      chaninfra notice rm maintenance-1 maintenance-2 -c stack:prod
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.notices import remove

    refuse_channels(ids, "notice rm", "ID")
    listing = remedies_for(channel, store).command("notice ls")
    given = [*dict.fromkeys(ids)]
    with interruptible(
        lambda: StoppedError("stopped: the notices may be removed", remedy=f"see what is there: `{listing}`")
    ):
        opened = open_channel(channel, store, "write")
        remove(opened, given)
        cdn_refresh.refresh_notices(opened)
    streams.result_json({"removed": given}) if as_json else streams.result(
        "\n".join(f"{id_}: removed" for id_ in given)
    )


def _until(expires: str, now: datetime) -> datetime:
    """The time in `--expires`. Raises ConfigurationError."""
    import re
    from datetime import timedelta

    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.cli.durations import time_of

    span = re.fullmatch("([1-9][0-9]{0,3})([hd])", expires)
    if span:
        return now + timedelta(**{{"h": "hours", "d": "days"}[span[2]]: int(span[1])})
    try:
        until = time_of(expires, "--expires")
    except ConfigurationError as error:
        remedy = "give 30d, 12h, 2027-01-31T12:00Z or 2027-01-31"
        raise ConfigurationError(error.message, where=error.where, remedy=remedy) from error
    return until or now


def _name_expired(found: Sequence[Entry], remedies: Remedies) -> None:
    import time

    from chaninfra.channel.text import count
    from chaninfra.index.notices import expired

    over = expired(found, time.time_ns() // 1_000_000)
    if over:
        have, them = ("has", "it") if len(over) == 1 else ("have", "them")
        what = f"{count(len(over), 'notice')} {have} expired, and conda shows {them} still"
        streams.note(f"{what}; to remove: `{remedies.command('notice rm', *over)}`")


def _made_json(opened: Channel, made: Notice) -> dict[str, object]:
    from chaninfra.index.notices import in_utc

    return {
        "id": made.id,
        "url": opened.url("notices.json"),
        "level": made.level,
        "message": made.message,
        "created": in_utc(made.created_at),
        "expires": in_utc(made.expires_at),
    }


def _made_text(opened: Channel, made: Notice) -> str:
    from chaninfra.index.notices import in_utc

    return f"{made.id}: in {opened.url('notices.json')} until {in_utc(made.expires_at)}"


def _listed_json(found: Sequence[Entry]) -> list[dict[str, object]]:
    import time

    from chaninfra.index.notices import in_utc

    now = time.time_ns() // 1_000_000
    return [
        {
            "id": each.id,
            "level": each.level,
            "message": each.message,
            "created": in_utc(each.created),
            "expires": in_utc(each.expires),
            "expired": each.is_expired(now),
            "yanked": [*each.yanked],
        }
        for each in found
    ]


def _listed_text(found: Sequence[Entry]) -> str:
    import time

    from chaninfra.index.notices import in_utc

    now = time.time_ns() // 1_000_000
    if not found:
        return "no notices"
    rows = [
        (
            each.id,
            each.level,
            f"{'expired ' if each.is_expired(now) else ''}{in_utc(each.expires) or 'never'}",
            each.message,
        )
        for each in found
    ]
    return streams.table([("ID", "LEVEL", "EXPIRES", "MESSAGE"), *rows])
