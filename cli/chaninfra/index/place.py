"""Whether there is a channel at a place, and which others a bucket has, for the message if there is none.

Bounded, since a bucket may hold anything: a search for names to show takes at most `_SEARCHED` listings of one page
each. See also `channel.place`.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterable
from functools import partial

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, CHANNEL_JSON, SNAPSHOTS_FOLDER
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH
from chaninfra.channel.errors import ConfigurationError, DeniedError
from chaninfra.channel.location import join
from chaninfra.channel.objects import exists
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.place import Bucket, has_index
from chaninfra.channel.providers import PROVIDERS
from chaninfra.index.channel import Channel
from chaninfra.index.runtime import run_all

_SEARCHED = 30
_DEPTH = 4
_SHOWN = 3


def bucket_of(channel: Channel) -> Bucket:
    """The bucket of the channel, to look into."""
    return Bucket(location=channel.descriptor.location, store=channel.store(), client=channel.client)


def require_index(channel: Channel, subdirs: Iterable[str] = ()) -> None:
    """Raise ConfigurationError if the channel has neither a channel.json nor an index, so that a mistyped prefix does
    not become a channel. `subdirs` are looked at first, with noarch.
    """
    if channel.origin == "descriptor":
        return
    store, prefix = channel.store(), channel.descriptor.prefix
    likely = {NOARCH, *subdirs}
    calls = [partial(exists, store, join(prefix, subdir, FILE_NAMES["shards"])) for subdir in sorted(likely)]
    if not any(run_all(channel.runtime, calls)) and not has_index(bucket_of(channel), prefix):
        raise nothing_here(channel)


def nothing_here(channel: Channel) -> ConfigurationError:
    """The error for a place without a channel. It names the channels of the bucket, where they may be listed."""
    from chaninfra.index.contents import subdir_folders

    url = channel.descriptor.url
    try:
        unindexed = bool(subdir_folders(channel))
        others = _channels_below(channel, "")
    except DeniedError:
        unindexed, others = False, []
    shown = [f"s3://{join(channel.descriptor.bucket, prefix)}" for prefix in others[:_SHOWN]]
    more = " and others" if len(others) > _SHOWN else ""
    ways = [f"give one of this bucket: {', '.join(shown)}{more}"] if shown else []
    if unindexed:
        ways.append(f"index the packages that are here: `{command('reindex', channel.descriptor)}`")
    ways.append(f"create one: `{command('init', channel.descriptor)}`, or in a stack: `pulumi up`")
    return ConfigurationError(
        f"there is no channel: neither a {CHANNEL_JSON} nor an index", where=url, remedy="; or ".join(ways)
    )


def how_to_declare(channel: Channel, subdirs: Iterable[str]) -> str:
    """What to do so that the channel has these subdirs, too."""
    names = sorted(subdirs)
    in_stack = f"add {', '.join(names)} to `subdirs` in the stack config and run `pulumi up`"
    described = channel.descriptor
    if channel.of_stack or not described.may_be_of_init:
        return in_stack
    words = [word for subdir in names for word in ("--subdir", subdir)]
    usual = (described.prefix or described.bucket).rpartition("/")[2]
    words += ["--name", described.name] if described.name != usual else []
    words += ["--visibility", "public"] if described.visibility == "public" else []
    words += ["--public-url", described.public_url] if described.public_url else []
    return f"run `{command('init', described, *words)}`; if a stack declares the channel, {in_stack}"


def command(name: str, described: Descriptor, *words: str) -> str:
    """The command line of a command on the channel, with the options that say where it is: those that its provider's
    row does not say.
    """
    row = PROVIDERS.get(described.provider)
    flags = ["--provider", described.provider]
    if row is None or row.endpoint_url({"region": described.region}) != described.endpoint_url:
        flags += ["--endpoint-url", described.endpoint_url]
    if row is None or row.region.value != described.region:
        flags += ["--region", described.region]
    if row is None or (row.addressing.value == "path") != described.force_path_style:
        flags.append(f"--force-path-style={str(described.force_path_style).lower()}")
    return shlex.join(["chaninfra", name, described.url, *words, *flags])


def _channels_below(channel: Channel, top: str) -> list[str]:
    """The prefixes of the channels at `top` and below it, those that are less deep first."""
    found: list[str] = []
    folders = deque([(top, 0)])
    bucket = bucket_of(channel)
    for _ in range(_SEARCHED):
        if not folders:
            break
        folder, depth = folders.popleft()
        start = f"{folder}/" if folder else ""
        page = bucket.page(start)
        files = {entry["Key"][len(start) :] for entry in page.get("Contents", ())}
        names = [entry["Prefix"][len(start) :].rstrip("/") for entry in page.get("CommonPrefixes", ())]
        subdirs = [name for name in names if name in KNOWN_SUBDIRS]
        is_one = CHANNEL_JSON in files or bool(subdirs and has_index(bucket, folder, subdirs))
        if is_one:
            found.append(folder)
        if depth < _DEPTH:
            own = (*KNOWN_SUBDIRS, CHANINFRA_FOLDER, *([SNAPSHOTS_FOLDER] if is_one else []))
            others = (name for name in names if name and name not in own)
            folders.extend((start + name, depth + 1) for name in others if name.isprintable())
    return found
