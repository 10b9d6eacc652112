"""A channel by https: conda-forge, prefix.dev, quetz, Artifactory, Nexus, a label of anaconda.org, a public bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConfigurationError, CredentialsError, SkippedError, StorageError, UnreachableError
from chaninfra.channel.text import shown
from chaninfra.index.copy.source import S3Object
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.indexed import GONE, MAX_DESCRIPTOR, IndexedSource, Likely, subdirs_in
from chaninfra.index.copy.sources.reference import OPTION
from chaninfra.index.copy.sources.web_client import WebClient
from chaninfra.index.copy.sources.web_login import Login, of_pixi, split_user
from chaninfra.index.copy.sources.web_origin import Origin, Reach, origin_of, public_url
from chaninfra.index.runtime import Runtime

AT_ONCE = 8
"""Requests at once, unless the user says another number: browsers have six for each server."""
_MAX_PACKAGE = 100 << 30
"""Most bytes of a package, whose record may say none."""


def web_source(
    url: str, flags: FromFlags, runtime: Runtime | None = None, *, tell: Callable[[str], None] | None = None
) -> IndexedSource:
    """The channel at an http(s) URL. No request is made. `tell` tells people why nothing happens for long.

    Raises ConfigurationError for a URL that is none of a channel, or by plain http, and for an origin that is none;
    CredentialsError for an entry of pixi's stores that cannot be used.
    """
    plain, given = _split(url)
    origin = _origin(plain, url)
    reach = Reach(source=origin, allowed=frozenset(map(_allowed, flags.allow_origin)))
    if origin.scheme == "http" and not origin.is_local and origin not in reach.allowed:
        raise ConfigurationError(
            "would be read by plain http, where anybody on the way could change what is read",
            where=public_url(plain),
            remedy=f"use https://, if the server has it; or, if you trust that network: {OPTION} {origin}",
        )
    logins: dict[Origin, Login] = {origin: given} if given else {}
    for each in reach.named - logins.keys():
        if login := of_pixi(each):
            logins[each] = login
    client = WebClient(reach, logins, rate=flags.bytes_per_second, at_once=flags.at_once or AT_ONCE, tell=tell)
    return IndexedSource(WebFiles(plain, reach, client), runtime)


class WebFiles:
    """The files of a channel by https, see Files."""

    can_tell_patches = False

    def __init__(self, url: str, reach: Reach, client: WebClient) -> None:
        self._at = url.rstrip("/")
        self._reach = reach
        self._client = client
        self.url = public_url(self._at)

    def likely(self) -> Likely:
        """See Files: as channel.json says, else all, since nobody lists them."""
        try:
            found = self._client.get(f"{self._at}/{CHANNEL_JSON}", MAX_DESCRIPTOR)
        except (CredentialsError, UnreachableError):
            raise
        except StorageError:
            # It is a hint only, and denied where others are told that it is not there.
            found = None
        said = subdirs_in(found) if found else []
        return Likely(subdirs=said or KNOWN_SUBDIRS, certain=bool(said))

    def get(self, subdir: Subdir, reference: str, most: int) -> bytes | None:
        """See Files. Raises ConfigurationError for a place that the user has to allow first."""
        return self._client.get(self._url(subdir, reference), most)

    def has(self, subdir: Subdir, name: str) -> bool:
        """See Files."""
        return self._client.exists(self._url(subdir, name))

    def chunks(self, subdir: Subdir, reference: str) -> Iterator[bytes]:
        """See Files. Where the connection breaks off it goes on, see `WebClient.body`."""
        try:
            url = self._url(subdir, reference)
            found = self._client.body(url, _MAX_PACKAGE)
            if found is None:
                raise SkippedError("is listed, and its file is not there", where=public_url(url), remedy=GONE)
            yield from found
        except ConfigurationError as error:
            raise SkippedError(error.message, where=error.where, remedy=error.remedy) from error

    def s3_object(self, subdir: Subdir, reference: str) -> S3Object | None:
        """See Files: no store is told."""
        return None

    def _url(self, subdir: Subdir, reference: str) -> str:
        """The URL of what the index of the subdir refers to. Raises ConfigurationError where it must not be read."""
        return self._reach.referred(f"{self._at}/{subdir}/", reference)


def _split(url: str) -> tuple[str, Login | None]:
    try:
        return split_user(url)
    except ValueError as error:
        raise _no_channel(url, "it has no valid host") from error


def _origin(plain: str, url: str) -> Origin:
    try:
        origin = origin_of(plain)
    except ValueError as error:
        raise _no_channel(url, str(error)) from error
    parts = urlsplit(plain)
    for there, what in ((parts.query, "a query"), (parts.fragment, "a fragment")):
        if there:
            raise _no_channel(url, f"it has {what}")
    where = public_url(plain)
    inside = re.fullmatch(rf"(.+?)/(?:{'|'.join(KNOWN_SUBDIRS)})(?:/|/[^/]+\.[^/]+)?", where)
    if inside:
        raise ConfigurationError(
            "names something in a channel, and not the channel", where=where, remedy=f"did you mean {inside[1]}?"
        )
    return origin


def _no_channel(url: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{shown(url)} is not the URL of a channel: {why}", remedy="give https://HOST/CHANNEL, in ASCII"
    )


def _allowed(url: str) -> Origin:
    try:
        return origin_of(url)
    except ValueError as error:
        raise ConfigurationError(
            f"{OPTION} {shown(url)} is not the URL of a server: {error}", remedy=f"give {OPTION} https://HOST"
        ) from error
