"""CHANNEL as people write it, told apart by its form alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ConfigurationError

VARIABLE = "CHANINFRA_CHANNEL"
FORMS = f"a {CHANNEL_JSON}, -, an https URL of one, s3://BUCKET/PREFIX or stack:NAME#CHANNEL"
CHANNEL_HELP = f"{FORMS}; left out: ${VARIABLE}, else the selected Pulumi stack."
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class File:
    """A descriptor on this machine; "-" is stdin."""

    path: str


@dataclass(frozen=True)
class Web:
    """A descriptor at an http(s) URL."""

    url: str


@dataclass(frozen=True)
class S3:
    """A channel by its place; its own channel.json is the descriptor."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Stack:
    """A channel of a Pulumi stack; None: the selected stack, or all of its channels."""

    name: str | None
    channel: str | None

    def __str__(self) -> str:
        if self.name is None and self.channel is None:
            return "the selected stack"
        return f"stack:{self.name or ''}{f'#{self.channel}' if self.channel else ''}"


Reference = File | Web | S3 | Stack


def parse_channel(text: str) -> Reference:
    """What a CHANNEL refers to. Raises ConfigurationError for a form that there is not."""
    scheme, found, rest = text.partition(":")
    match scheme if found else "":
        case "s3":
            return _s3(text)
        case "stack":
            name, _, channel = rest.partition("#")
            return Stack(name or None, channel or None)
        case "https" | "http":
            return _web(text)
        case _ if "://" in text:
            raise ConfigurationError(f"a channel cannot be named by {scheme}://", where=text, remedy=f"give {FORMS}")
    return File(text)


def _split(text: str) -> SplitResult:
    """The parts of a URL. Raises ConfigurationError where it is none, or holds credentials, which are not repeated."""
    try:
        parts = urlsplit(text)
        # A port that is no number shows only when it is asked for.
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"is no URL: {error}", where=_bare(text), remedy=f"give {FORMS}") from None
    if "@" in parts.netloc:
        raise ConfigurationError(
            "a URL is no place for credentials",
            where=_bare(text),
            remedy="take them out; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or S3_…), or name a --profile",
        )
    return parts


def _bare(text: str) -> str:
    """The text without what stands before the last @ of its host."""
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _s3(text: str) -> S3:
    parts = _split(text)
    prefix = parts.path.strip("/")
    if not parts.netloc or "//" in prefix or parts.query or parts.fragment:
        raise ConfigurationError("is not a place in a bucket", where=text, remedy="write s3://BUCKET/PREFIX")
    return S3(parts.netloc, prefix)


def _web(text: str) -> Web:
    parts = _split(text)
    if not parts.hostname:
        raise ConfigurationError("names no host", where=text, remedy="give the https:// URL of a channel.json")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        # Whoever is on the way could send uploads elsewhere.
        raise ConfigurationError("a descriptor is not fetched in clear", where=text, remedy="use https://")
    path = parts.path if parts.path.endswith(".json") else f"{parts.path.rstrip('/')}/{CHANNEL_JSON}"
    return Web(parts._replace(path=path).geturl())
