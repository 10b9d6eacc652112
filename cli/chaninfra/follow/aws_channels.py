"""The channels of the function in AWS Lambda: which they are, and each one opened, as long as that holds."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel import patterns
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.text import shown
from chaninfra.follow.events import Hint
from chaninfra.follow.told import Outdated
from chaninfra.index.channel import Channel

if TYPE_CHECKING:
    from chaninfra.index.follow.follow import Seen

_KEPT_S = 300.0
"""Seconds for which an opened channel is used, as long as channel.json is cached elsewhere: its settings may change."""


@dataclass(frozen=True)
class Opened:
    """A channel, what was seen of its packages, and of what its CDN has old copies."""

    channel: Channel
    at: float
    seen: Seen = field(default_factory=dict)
    outdated: Outdated = field(default_factory=Outdated)


def channels_in(text: str | None) -> tuple[str, ...]:
    """The URLs in the value of the variable. Raises ConfigurationError."""
    remedy = "the stack sets it: run `pulumi up`"
    try:
        urls = msgspec.json.decode(text or "[]", type=list[str])
    except MALFORMED as error:
        raise ConfigurationError("is not a JSON list of s3:// URLs", where=CHANNELS_VARIABLE, remedy=remedy) from error
    for url in urls:
        if not re.search(patterns.CHANNEL_URL, url):
            raise ConfigurationError(
                f"{shown(url)} is not the URL of a channel", where=CHANNELS_VARIABLE, remedy=remedy
            )
    if not urls:
        raise ConfigurationError("names no channel", where=CHANNELS_VARIABLE, remedy=remedy)
    return tuple(dict.fromkeys(urls))


def _split(url: str) -> tuple[str, str]:
    """Bucket and prefix."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return bucket, prefix


class Channels:
    """The channels, opened when they are needed."""

    def __init__(self, urls: Sequence[str], open_channel: Callable[[str], Channel]) -> None:
        self.urls = tuple(urls)
        self._places = [(*_split(url), url) for url in urls]
        self._open = open_channel
        self._opened: dict[str, Opened] = {}

    def of(self, hint: Hint) -> str | None:
        """The URL of the channel in one of whose subdirs the object lies; None: in none. No request is made, since a
        channel that cannot be opened must not keep others from being followed.
        """
        for bucket, prefix, url in self._places:
            start = f"{prefix}/" if prefix else ""
            if hint.bucket == bucket and hint.key.startswith(start):
                subdir, slash, file = hint.key[len(start) :].partition("/")
                if slash and subdir in KNOWN_SUBDIRS and file and "/" not in file:
                    return url
        return None

    def get(self, url: str) -> Opened:
        """The channel, opened now if that is too long ago. Raises as `open_channel`."""
        opened = self._opened.get(url)
        if opened is None or time.monotonic() - opened.at > _KEPT_S:
            channel, now = self._open(url), time.monotonic()
            opened = replace(opened, channel=channel, at=now) if opened else Opened(channel, now)
            self._opened[url] = opened
        return opened

    def renew(self, url: str) -> None:
        """Open it anew when it is needed: its credentials may have expired, or its settings have changed."""
        opened = self._opened.get(url)
        if opened is not None:
            self._opened[url] = replace(opened, at=float("-inf"))


def open_channel(url: str) -> Channel:
    """The channel as its channel.json describes it, with the credentials that AWS's tools find.

    The endpoint is that of AWS in the region of the function, or the one in AWS_ENDPOINT_URL_S3. Raises
    ConfigurationError where there is no channel, or channel.json names an endpoint of somebody else, which must not get
    the credentials; CredentialsError, StorageError.
    """
    from chaninfra.channel.outputs.descriptor import parse
    from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
    from chaninfra.channel.s3.credentials import resolve
    from chaninfra.channel.s3.endpoint import AWS_VARIABLES, named_endpoint, same_endpoint
    from chaninfra.channel.s3.object_store import S3Store
    from chaninfra.channel.spec.locate import locate, provider_row

    bucket, prefix = _split(url)
    said = named_endpoint(variables=AWS_VARIABLES)
    endpoint_url = said.url if said else None
    row = provider_row(None, endpoint_url, url)
    region = os.environ.get("AWS_REGION")
    location = locate(row, bucket, where=url, endpoint_url=endpoint_url, region=region)
    credentials = resolve(chain="aws")
    stored = S3Store(location, credentials).get(join(prefix, CHANNEL_JSON))
    where = f"{url}/{CHANNEL_JSON}"
    if stored is None:
        raise ConfigurationError("there is no channel", where=where, remedy="make it: run `pulumi up`")
    descriptor = parse(stored.data, where=where)
    if descriptor.url != url:
        raise ConfigurationError(
            f"describes another channel, {descriptor.url}", where=where, remedy="write it again: run `pulumi up`"
        )
    if not (same_endpoint(descriptor.endpoint_url, location.endpoint_url) or is_s3_of_aws(descriptor.endpoint_url)):
        raise ConfigurationError(
            f"credentials are not sent to {descriptor.endpoint_url}, which is none of AWS",
            where=where,
            key=("endpoint-url",),
            remedy="find out who wrote it, then write it again: run `pulumi up`",
        )
    return Channel(descriptor=descriptor, credentials=credentials, of_stack=True)
