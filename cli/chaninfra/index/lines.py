"""Checks the lines that users write and others read: reasons, and the texts of notices."""

from __future__ import annotations

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import MAX_REASON, one_line, shown


def check_line(text: str, where: str, most: int, *, what: str, since: str = "") -> None:
    """Raise ConfigurationError for what is not one line of at most `most` characters, as a terminal may show it.

    `what` it is, and `since`, why it may not be longer, are for the message.
    """
    if not text or text.isspace():
        raise ConfigurationError(f"{what} is empty", where=where, remedy="say what users should know")
    if one_line(text) != text:
        raise ConfigurationError(
            f"{what} has what a terminal or a CI system may take as a command: {shown(text)}",
            where=where,
            remedy="write it as one line, without control characters and other invisible ones",
        )
    if len(text) > most:
        raise ConfigurationError(
            f"{what} has {len(text):,} characters; at most {most:,} are possible{since}",
            where=where,
            remedy="say it shorter, and give a link to the rest",
        )


def check_reason(reason: str) -> str:
    """The reason, why something is deleted, without spaces around it. Raises ConfigurationError for one that the
    documents of a channel cannot have.
    """
    text = reason.strip()
    check_line(text, "--reason", MAX_REASON, what="the reason")
    return text


def check_reason_if_given(reason: str | None) -> str | None:
    """As `check_reason`; an empty one is none."""
    return check_reason(reason) if reason is not None and reason.strip() else None
