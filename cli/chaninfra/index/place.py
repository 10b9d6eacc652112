"""Where channels lie in a bucket: whether there is one at a place, and which lie around and below it.

A channel is a folder with a channel.json, or with an index file of a subdir. Bounded, since a bucket may hold anything:
a check of one folder takes a request or two per subdir, a search for names to show at most `_SEARCHED` listings of one
page each, and the check of a new channel a listing of at most `_LISTED` objects below it.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, CHANNEL_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH
from chaninfra.channel.errors import ConfigurationError, DeniedError
from chaninfra.channel.location import join
from chaninfra.channel.objects import exists
from chaninfra.index.channel import Channel
from chaninfra.index.runtime import run_all

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SEARCHED = 30
_DEPTH = 4
_SHOWN = 10
_LISTED = 1_000_000
_INDEX_FILE = FILE_NAMES["json"].partition(".")[0]
"""With this the names of all index files begin."""


def require_index(channel: Channel, subdirs: Iterable[str] = ()) -> None:
    """Raise ConfigurationError if the channel has neither a channel.json nor an index, so that a mistyped prefix does
    not become a channel. `subdirs` are looked at first, with noarch.
    """
    if channel.origin == "descriptor":
        return
    store, prefix = channel.store(), channel.descriptor.prefix
    likely = {NOARCH, *subdirs}
    calls = [partial(exists, store, join(prefix, subdir, FILE_NAMES["shards"])) for subdir in sorted(likely)]
    if not any(run_all(channel.runtime, calls)) and not _has_index(channel, prefix):
        raise nothing_here(channel)


def nothing_here(channel: Channel) -> ConfigurationError:
    """The error for a place without a channel. It names the channels of the bucket, where they may be listed."""
    from chaninfra.index.contents import folders

    url = channel.descriptor.url
    try:
        unindexed = bool(folders(channel) & {*KNOWN_SUBDIRS})
        others = _channels_below(channel, "")
    except DeniedError:
        unindexed, others = False, []
    shown = [f"s3://{join(channel.descriptor.bucket, prefix)}" for prefix in others[:_SHOWN]]
    more = " and others" if len(others) > _SHOWN else ""
    ways = [f"give one of the channels in this bucket: {', '.join(shown)}{more}"] if shown else []
    if unindexed:
        ways.append(f"index the packages that are here: `{_command('reindex', channel)}`")
    ways.append(f"create a channel here: `{_command('init', channel)}`, or a stack and `pulumi up`")
    return ConfigurationError(
        f"there is no channel: neither a {CHANNEL_JSON} nor an index", where=url, remedy="; or ".join(ways)
    )


def _command(command: str, channel: Channel) -> str:
    """The command line of a command on the channel, with the store's options: there is no channel.json to read."""
    described = channel.descriptor
    style = str(described.force_path_style).lower()
    flags = ["--provider", described.provider, "--endpoint-url", described.endpoint_url, "--region", described.region]
    return shlex.join(["chaninfra", command, described.url, *flags, f"--force-path-style={style}"])


def refuse_nested(channel: Channel) -> None:
    """Raise ConfigurationError where a new channel would lie inside another one, or around one: the packages and the
    index of the one would be objects of the other.
    """
    prefix = channel.descriptor.prefix
    parts = prefix.split("/") if prefix else []
    for length in range(len(parts)):
        above = "/".join(parts[:length])
        if _is_channel(channel, above):
            raise _nested(channel, "inside", above)
    for number, entry in enumerate(channel.store().list(prefix)):
        if number == _LISTED:
            raise ConfigurationError(
                f"there are more than {_LISTED:,} objects here, too many to search for other channels",
                where=channel.descriptor.url,
                remedy="choose a prefix of its own for the channel",
            )
        found = _channel_of(entry.key)
        if found is not None and found != prefix:
            raise _nested(channel, "around", found)


def _channel_of(key: str) -> str | None:
    """The prefix of the channel that the object shows: its channel.json, or an index file of a subdir."""
    folder, _, name = key.rpartition("/")
    if name == CHANNEL_JSON:
        return folder
    above, _, subdir = folder.rpartition("/")
    return above if name.startswith(_INDEX_FILE) and subdir in KNOWN_SUBDIRS else None


def _nested(channel: Channel, where: str, other: str) -> ConfigurationError:
    return ConfigurationError(
        f"would be {where} the channel s3://{join(channel.descriptor.bucket, other)}",
        where=channel.descriptor.url,
        remedy="choose a prefix that is neither inside nor around that of another channel",
    )


def _is_channel(channel: Channel, folder: str) -> bool:
    return exists(channel.store(), join(folder, CHANNEL_JSON)) or _has_index(channel, folder)


def _has_index(channel: Channel, folder: str, subdirs: Iterable[str] = KNOWN_SUBDIRS) -> bool:
    """Whether one of the subdirs has an index file."""
    # One for all subdirs: a client takes longer to make than its request takes.
    client = channel.client()

    def look(subdir: str) -> bool:
        try:
            return bool(_page(channel, client, join(folder, subdir, _INDEX_FILE), most=1).get("KeyCount"))
        except DeniedError:
            store = channel.store()
            return any(exists(store, join(folder, subdir, FILE_NAMES[kind])) for kind in ("shards", "json"))

    return any(run_all(channel.runtime, [partial(look, subdir) for subdir in subdirs]))


def _channels_below(channel: Channel, top: str) -> list[str]:
    """The prefixes of the channels at `top` and below it, those that are less deep first."""
    found: list[str] = []
    folders = deque([(top, 0)])
    client = channel.client()
    for _ in range(_SEARCHED):
        if not folders:
            break
        folder, depth = folders.popleft()
        start = f"{folder}/" if folder else ""
        page = _page(channel, client, start)
        files = {entry["Key"][len(start) :] for entry in page.get("Contents", ())}
        names = [entry["Prefix"][len(start) :].rstrip("/") for entry in page.get("CommonPrefixes", ())]
        subdirs = [name for name in names if name in KNOWN_SUBDIRS]
        if CHANNEL_JSON in files or (subdirs and _has_index(channel, folder, subdirs)):
            found.append(folder)
        if depth < _DEPTH:
            others = (name for name in names if name and name not in (*KNOWN_SUBDIRS, CHANINFRA_FOLDER))
            folders.extend((start + name, depth + 1) for name in others if name.isprintable())
    return found


def _page(channel: Channel, client: S3Client, prefix: str, most: int = 1000) -> Any:
    """One page of a listing: the objects and folders whose key begins with `prefix`. Raises StorageError."""
    from chaninfra.channel.s3.boto import translating_errors

    with translating_errors(channel.descriptor.location, "list", prefix):
        return client.list_objects_v2(Bucket=channel.descriptor.bucket, Prefix=prefix, Delimiter="/", MaxKeys=most)
