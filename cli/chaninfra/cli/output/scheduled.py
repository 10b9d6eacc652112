"""What a command that a schedule runs writes into the channel, so that `doctor` sees when the schedule stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.cli.durations import seconds_of
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel

OPTION = "--scheduled"
HELP = (
    "Say that a schedule runs this command, and how often: `1d`, `6h` or `7d`. It says so in the channel, too, "
    "so that `chaninfra doctor` sees when the schedule stops."
)


def period(given: str | None, *, without: str | None) -> float | None:
    """The seconds from one run of the schedule to the next; None: no schedule runs this. `without`: an option that was
    given, with which nothing is written. Raises ConfigurationError.
    """
    seconds = seconds_of(given, OPTION)
    if seconds is not None and without is not None:
        raise ConfigurationError(
            f"with {without} nothing is written, so `doctor` could not see that a schedule ran this",
            where=OPTION,
            remedy="leave out one of them",
        )
    return seconds


def mark(channel: Channel, task: Literal["reindex", "gc"], every_s: float | None) -> None:
    """Write the mark if a schedule runs this. A failure is only a warning: what the command is for is done."""
    if every_s is None:
        return
    from chaninfra.index.follow.mark import NOT_WRITTEN, write_mark

    try:
        outcome = write_mark(channel, task, "job", every_s)
    except ChaninfraError as problem:
        streams.warning(problem)
        return
    if outcome in NOT_WRITTEN:
        reason, remedy = NOT_WRITTEN[outcome]
        streams.warning(ChaninfraError(reason, where=channel.descriptor.url, remedy=remedy))
