"""Opens a source by its text: s3://BUCKET/PREFIX, https://…, or a folder. It loads only what this kind needs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chaninfra.channel import patterns
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location, join
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.endpoint import SaidEndpoint, named_endpoint
from chaninfra.channel.text import shown, without_secrets
from chaninfra.index.copy.source import Source
from chaninfra.index.copy.sources.credentials import source_credentials
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.reference import OPTION
from chaninfra.index.copy.sources.source_errors import of_source

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel

FORMS = "s3://BUCKET/PREFIX, https://HOST/CHANNEL, or a folder"
_ENDPOINT = "FROM_S3_ENDPOINT_URL"
_REGION = "FROM_S3_REGION"


@dataclass(frozen=True, kw_only=True)
class S3Place:
    """Where a source on S3 is, and the credentials for it."""

    location: Location
    prefix: str
    credentials: Credentials | None

    @property
    def url(self) -> str:
        """The s3:// URL."""
        return f"s3://{join(self.location.bucket, self.prefix)}"


def open_source(text: str, flags: FromFlags, target: Channel, tell: Callable[[str], None] | None = None) -> Source:
    """The source that the text names; no request is made. `target` is the channel that is copied to: a source on S3 is
    in the same store if nothing else is said. `tell` tells people why nothing happens for long.

    Raises ConfigurationError for a text that names none; CredentialsError.
    """
    scheme = text.partition(":")[0].lower() if ":" in text else ""
    if scheme in ("https", "http"):
        from chaninfra.index.copy.sources.web import web_source

        return web_source(text, flags, tell=tell)
    opened = _BY_SCHEME.get(scheme)
    if opened is not None:
        return opened(text, flags, target)
    if "://" in text:
        raise ConfigurationError(
            f"{shown(scheme)} is not the scheme of a channel",
            where=without_secrets(text),
            remedy=f"a source is {FORMS}",
        )
    return _folder(text, Path(text), flags)


def _s3(text: str, flags: FromFlags, target: Channel) -> Source:
    return open_s3(s3_place(text, flags, target), flags)


def _file(text: str, flags: FromFlags, target: Channel) -> Source:
    from urllib.request import url2pathname

    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigurationError(
            "is not the URL of a folder of this machine",
            where=without_secrets(text),
            remedy="write file:///PATH, or PATH",
        )
    return _folder(text, Path(url2pathname(parts.path)), flags)


_BY_SCHEME: dict[str, Callable[[str, FromFlags, Channel], Source]] = {"s3": _s3, "file": _file}


def _folder(text: str, path: Path, flags: FromFlags) -> Source:
    from chaninfra.index.copy.sources.folder import folder_source

    try:
        is_folder = text != "" and path.is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        known = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text)
        meant = f"; a channel of anaconda.org is https://conda.anaconda.org/{text}" if known else ""
        raise ConfigurationError(
            "there is no such folder", where=without_secrets(text), remedy=f"a source is {FORMS}{meant}"
        )
    if path.name in KNOWN_SUBDIRS and not any((path / each).is_dir() for each in KNOWN_SUBDIRS):
        raise ConfigurationError(
            "is a subdir of a channel, and not the channel", where=text, remedy=f"did you mean {path.parent}?"
        )
    return folder_source(path, rate=flags.bytes_per_second)


def open_s3(place: S3Place, flags: FromFlags) -> Source:
    """The channel at this place, read as fast as the flags allow. Raises ConfigurationError for a wrong one."""
    from chaninfra.index.copy.sources.s3 import s3_source

    return s3_source(
        place.location,
        place.prefix,
        place.credentials,
        rate=flags.bytes_per_second,
        at_once=flags.at_once,
        allowed=_allowed(place.location.bucket, flags),
    )


def _allowed(bucket: str, flags: FromFlags) -> list[str]:
    """The prefixes of the bucket that the user allows."""
    found = []
    for text in flags.allow_origin:
        if not text.startswith("s3:"):
            continue
        url = text.rstrip("/")
        named, _, prefix = url.removeprefix("s3://").partition("/")
        if not re.search(patterns.CHANNEL_URL, url) or named != bucket:
            raise ConfigurationError(
                f"{OPTION} {shown(text)} is not a place in the bucket of the source",
                where=f"s3://{bucket}",
                remedy=f"give {OPTION} s3://{bucket}/PREFIX; a channel in another bucket is a source of its own",
            )
        found.append(prefix)
    return found


def s3_place(text: str, flags: FromFlags, target: Channel) -> S3Place:
    """Where s3://BUCKET/PREFIX is. Raises ConfigurationError; CredentialsError."""
    where = without_secrets(text)
    url = text.rstrip("/")
    if not re.search(patterns.CHANNEL_URL, url):
        raise ConfigurationError(
            "is not a bucket and a prefix", where=where, remedy="write s3://BUCKET/PREFIX, without user, key or query"
        )
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    location = _location(bucket, where, flags, target)
    return S3Place(location=location, prefix=prefix, credentials=source_credentials(location, url, flags, target))


def said_endpoint(flags: FromFlags) -> SaidEndpoint | None:
    """The endpoint that the user says for the source. Raises ConfigurationError for a URL that is not valid."""
    if flags.endpoint_url:
        return SaidEndpoint(flags.endpoint_url.rstrip("/"), "--from-endpoint-url")
    with of_source():
        if os.environ.get(_ENDPOINT):
            return named_endpoint(variables=(_ENDPOINT,))
        return named_endpoint(flags.profile, variables=()) if flags.profile else None


def _location(bucket: str, where: str, flags: FromFlags, target: Channel) -> Location:
    """The bucket in the store that is said, else in that of the target."""
    from chaninfra.channel.spec.locate import locate, provider_row

    said = said_endpoint(flags)
    region = flags.region or os.environ.get(_REGION)
    there = target.descriptor
    if said is None and flags.provider is None:
        style = there.force_path_style if flags.path_style is None else flags.path_style
        if region is None or region == there.region:
            return replace(there.location, bucket=bucket, force_path_style=style)
        row = PROVIDERS.get(there.provider)
        moved = (row.endpoint_url({"region": region}) if row else None) or there.endpoint_url
        return replace(there.location, bucket=bucket, region=region, endpoint_url=moved, force_path_style=style)
    row = provider_row(flags.provider, said.url if said else None, "--from-provider")
    known = region or row.region.value
    if known is None:
        raise ConfigurationError(f"{row.title} needs a region", where=where, remedy="give --from-region REGION")
    endpoint_url = (said.url if said else None) or row.endpoint_url({"region": known})
    if endpoint_url is None:
        raise ConfigurationError(
            f"{row.title} needs an endpoint", where=where, remedy=f"give --from-endpoint-url {row.endpoint_form}"
        )
    return locate(row, bucket, where=where, endpoint_url=endpoint_url, region=known, force_path_style=flags.path_style)
