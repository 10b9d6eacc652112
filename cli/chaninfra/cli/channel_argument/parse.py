"""The CHANNEL argument: its forms, parsed without any request."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import without_secrets

VARIABLE = "CHANINFRA_CHANNEL"
"""The environment variable that is used if CHANNEL is not given."""
FORMS = (
    f"the path or https URL of a {CHANNEL_JSON}, - for stdin, s3://BUCKET/PREFIX, or stack:NAME "
    "(stack:NAME#CHANNEL-NAME if the stack has several channels)"
)
CHANNEL_HELP = f"{FORMS}. Default: ${VARIABLE}, else the selected Pulumi stack."
_SCHEMES = ("s3", "https", "http")
_ARN = "aws:s3:::"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that are this machine."""

_FORM = re.compile(r"(s3|https?):[/\\]+(.*)|stack:.*|.*\.json", re.DOTALL)


def is_channel(word: str) -> str | None:
    """The word as CHANNEL, if it can be nothing else; None if it may be a package. As a path it has one slash after
    `s3:`, and on Windows backslashes.
    """
    found = _FORM.fullmatch(word)
    return found and (f"{found[1]}://{found[2]}".replace("\\", "/") if found[1] else word)


def refuse_channels(words: Iterable[object], command: str, arguments: str) -> None:
    """Raise ConfigurationError if one of the words is a CHANNEL, which this command takes as an option."""
    for word in map(str, words):
        if (channel := is_channel(word)) is not None:
            _refuse_package_url(channel, command, arguments)
            # Not the whole command: its options are not known here, and without `--dry-run` it would do another thing.
            raise ConfigurationError(
                f"is a channel, and `{command}` takes {arguments} here",
                where=channel,
                remedy=f"put -c before it: `{shlex.join(['-c', channel])}`",
            )


def _refuse_package_url(word: str, command: str, arguments: str) -> None:
    """Raise ConfigurationError if the word is the URL of a package."""
    url = without_secrets(word)
    path = url.partition("?")[0].partition("#")[0]
    place, _, file = path.rpartition("/")
    if "://" not in word or suffix_of(file) is None:
        return
    channel, _, subdir = place.rpartition("/")
    if arguments == "FILE":
        get = ["aws", "s3", "cp", url, "."] if word.startswith("s3:") else ["curl", "-fLO", url]
        remedy = f"download it first: {shlex.join(get)}, then give the file: {file}"
    else:
        name = f"{subdir}/{file}" if subdir in KNOWN_SUBDIRS else file
        channel = channel if subdir in KNOWN_SUBDIRS else "CHANNEL"
        remedy = f"name its file, and the channel: `{shlex.join([name, '-c', channel])}`"
    raise ConfigurationError(
        f"is the URL of a package, and `{command}` takes {arguments} here", where=url, remedy=remedy
    )


def current_folder() -> Path:
    """The folder in which the command runs. Raises ConfigurationError if it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise ConfigurationError(
            "the current folder does not exist any more",
            remedy="go to another one: cd, and the path of the project",
        ) from error


@dataclass(frozen=True)
class File:
    """A descriptor (channel.json) in a local file; the path "-" is stdin."""

    path: str


@dataclass(frozen=True)
class Web:
    """A descriptor (channel.json) at an https URL, or at an http URL of this machine."""

    url: str


@dataclass(frozen=True)
class S3:
    """A channel in a bucket, s3://BUCKET/PREFIX; its descriptor is the channel.json below the prefix."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Stack:
    """The channels that a Pulumi stack declares, stack:NAME#CHANNEL.

    `name` None is the selected stack; `channel` None is every channel of the stack.
    """

    name: str | None
    channel: str | None

    def __str__(self) -> str:
        if self.name is None and self.channel is None:
            return "the selected stack"
        return f"stack:{self.name or ''}{f'#{self.channel}' if self.channel else ''}"


Reference = File | Web | S3 | Stack


def parse_channel(text: str) -> Reference:
    """The reference that CHANNEL stands for. Raises ConfigurationError for an unknown or malformed form."""
    scheme, colon, rest = text.partition(":")
    match scheme if colon else "":
        case "s3":
            return _s3(text)
        case "stack":
            name, _, channel = rest.partition("#")
            return Stack(name or None, channel or None)
        case "https" | "http":
            return _web(text)
        case "arn" if rest.startswith(_ARN):
            location = S3(*_split(rest.removeprefix(_ARN)))
            raise ConfigurationError("is an ARN, not a CHANNEL", where=text, remedy=f"did you mean {location}?")
        case _ if "://" in text:
            meant = f"did you mean {scheme.lower()}:{rest}?" if scheme.lower() in _SCHEMES else f"CHANNEL is {FORMS}"
            raise ConfigurationError(f"{scheme}:// is not a known form of CHANNEL", where=text, remedy=meant)
    return File(text)


def _url_parts(text: str) -> SplitResult:
    """The parts of a URL.

    Raises ConfigurationError if the URL is malformed or holds credentials; the message does not repeat them.
    """
    shown = without_secrets(text) if "@" in text else text
    try:
        parts = urlsplit(text)
        # urlsplit checks the port only when it is read.
        _ = parts.port
    except ValueError as error:
        # The reason may repeat a part of a password that holds a slash.
        reason = "" if "@" in text else f": {error}"
        raise ConfigurationError(f"is not a valid URL{reason}", where=shown, remedy=f"CHANNEL is {FORMS}") from None
    if "@" in parts.netloc or ("@" in text and not parts.netloc):
        raise ConfigurationError(
            "the URL must not hold credentials",
            where=shown,
            remedy="remove them; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or S3_…), or give --profile",
        )
    return parts


def _s3(text: str) -> S3:
    parts = _url_parts(text)
    prefix = parts.path.strip("/")
    if not parts.netloc or "//" in prefix or parts.query or parts.fragment:
        meant = "write s3://BUCKET/PREFIX"
        if not parts.netloc and prefix and "//" not in prefix and text[3:].strip("/") == prefix and text[3:6] != "///":
            # `s3:/BUCKET/PREFIX`
            meant = f"did you mean {S3(*_split(prefix))}?"
        raise ConfigurationError("is not a bucket and a prefix", where=text, remedy=meant)
    channel = _channel_of(prefix)
    if channel is not None:
        raise ConfigurationError(
            "names something in a channel, and not the channel",
            where=text,
            remedy=f"did you mean {S3(parts.netloc, channel)}?",
        )
    return S3(parts.netloc, prefix)


def _split(text: str) -> tuple[str, str]:
    """Bucket and prefix of `BUCKET/PREFIX`."""
    bucket, _, prefix = text.strip("/").partition("/")
    return bucket, prefix


def _channel_of(prefix: str) -> str | None:
    """The prefix of a channel, if the text is that of its channel.json, of a subdir, or of a file in one."""
    parts = prefix.split("/")
    if parts[-1] == CHANNEL_JSON or parts[-1] in KNOWN_SUBDIRS:
        return "/".join(parts[:-1])
    is_file = parts[-1].startswith("repodata") or suffix_of(parts[-1]) is not None
    return "/".join(parts[:-2]) if is_file and len(parts) > 1 and parts[-2] in KNOWN_SUBDIRS else None


def _web(text: str) -> Web:
    parts = _url_parts(text)
    if not parts.hostname:
        raise ConfigurationError("has no host", where=text, remedy="give the https:// URL of a channel.json")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        # Over http, anyone on the path could change the descriptor and so send uploads to another bucket.
        raise ConfigurationError("a descriptor is not fetched over plain http", where=text, remedy="use https://")
    channel = _channel_of(parts.path.rstrip("/"))
    if channel is not None and not parts.path.endswith(f"/{CHANNEL_JSON}"):
        raise ConfigurationError(
            "names something in a channel, and not the channel",
            where=without_secrets(text),
            remedy=f"did you mean {without_secrets(parts._replace(path=channel, query='', fragment='').geturl())}?",
        )
    path = parts.path if parts.path.endswith(".json") else f"{parts.path.rstrip('/')}/{CHANNEL_JSON}"
    return Web(parts._replace(path=path).geturl())
