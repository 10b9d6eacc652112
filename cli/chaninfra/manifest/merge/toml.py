"""Our tables merged into a TOML file that people keep.

The values are computed on plain dicts (`merged`); `toml_text` then edits the text, which `syntax` checks by another
parser. Both read TOML 1.1, which pixi's files may be in: inline tables over several lines. Python's tomllib reads 1.0.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

import tomli

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge import channel_list, pixi_order, toml_text
from chaninfra.manifest.merge.syntax import Syntax
from chaninfra.manifest.rendered import Document, Rendered
from chaninfra.manifest.text import toml

_OPTIONS = "s3-options"
_LISTS = ("channels", "default-channels")
# [project] is pixi's older name of [workspace], which it still reads.
_OLD_NAMES = {"workspace": "project"}


def merge(text: str, rendered: Rendered, channels: Sequence[ClientChannel], where: str) -> str:
    """`text` with the rendered tables. Raises ConfigurationError if it is not TOML, or cannot hold them."""
    before = _TOML.load(text, where)
    path = _path(before, rendered.document)
    after = merged(before, _moved(rendered.document, path), path, channels, where)
    return _TOML.edit(text, before, after, rendered, where)


def merged(
    before: Document, ours: Document, path: Sequence[str], channels: Sequence[ClientChannel], where: str
) -> Document:
    """The values that the file must have.

    `path` is the path of the table that lists the channels. A table that is there gets three things of ours: the
    channels, their s3-options, and requires-pixi if it is missing. s3-options of our bucket are removed if neither we
    nor another channel in the file needs them. In a pixi workspace, the lists of channels of its features and
    environments change too if ours would not come first there.
    """
    after = copy.deepcopy(before)
    theirs, wanted = _table(after, path, where), _table(ours, path, where)
    if not theirs:
        theirs |= wanted
    name = next(key for key in _LISTS if key in wanted)
    # pixi's configuration may have the older spelling default_channels.
    older = name.replace("-", "_")
    if older in theirs and older != name and name in theirs:
        raise ConfigurationError(
            f"is there as `{older}` too, which is the same key to pixi, so pixi refuses the file",
            where=where,
            key=(*path, name),
            remedy=f"move the channels of `{older}` into `{name}`, and remove it; nothing was written",
        )
    spelled = older if older in theirs else name
    listed = theirs.get(spelled, [])
    if not isinstance(listed, list):
        raise ConfigurationError(
            "is not a list", where=where, key=(*path, spelled), remedy=f"write {spelled} = {toml.value(wanted[name])}"
        )
    theirs[spelled] = (
        channel_list.with_others(channel_list.merged(listed, channels), wanted[name]) if listed else wanted[name]
    )
    if path:
        tables = _table(after, path[:-1], where)
        pixi_order.Workspace(tables, path[-1], where, tuple(path[:-1])).put_right(channels)
    if "requires-pixi" in wanted:
        theirs.setdefault("requires-pixi", wanted["requires-pixi"])
    was_empty = theirs.get(_OPTIONS) == {}
    urls = {access.url for access in channels}
    options = _table(after, [*path, _OPTIONS], where)
    for bucket in {access.descriptor.bucket: None for access in channels}:
        if bucket in wanted.get(_OPTIONS, {}):
            options[bucket] = {**_table(after, [*path, _OPTIONS, bucket], where), **wanted[_OPTIONS][bucket]}
        elif bucket in options and not _mentions(after, bucket, urls):
            # With s3-options, pixi would look for the bucket's access key in its credential store.
            del options[bucket]
    if not options and not was_empty:
        del theirs[_OPTIONS]
    return after


def _path(before: Document, ours: Document) -> list[str]:
    """The path of the table that lists the channels; with the table's older name if the file has that."""
    path: list[str] = []
    while not any(name in ours for name in _LISTS):
        ((name, ours),) = ours.items()
        inner = before.get(name)
        old = _OLD_NAMES.get(name)
        if inner is None and old is not None and isinstance(before.get(old), dict):
            name, inner = old, before[old]
        path.append(name)
        before = inner if isinstance(inner, dict) else {}
    return path


def _moved(ours: Document, path: Sequence[str]) -> Document:
    """`ours` with its innermost table at `path`."""
    for _ in path:
        (ours,) = ours.values()
    for name in reversed(path):
        ours = {name: ours}
    return ours


def _table(values: Document, path: Sequence[str], where: str) -> Document:
    """The table at `path`, added if it is missing. Raises ConfigurationError for a value that is not a table."""
    for depth, name in enumerate(path, 1):
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigurationError(
                "is not a table", where=where, key=tuple(path[:depth]), remedy="correct it; nothing was written"
            )
    return values


def _mentions(value: Any, bucket: str, own_urls: Collection[str]) -> bool:
    """Whether any other channel in the file is in the bucket."""
    if isinstance(value, dict):
        return any(_mentions(item, bucket, own_urls) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, bucket, own_urls) for item in value)
    return isinstance(value, str) and value not in own_urls and f"{value}/".startswith(f"s3://{bucket}/")


_TOML = Syntax(
    name="TOML",
    parse=tomli.loads,
    errors=(tomli.TOMLDecodeError, RecursionError),
    problem=str,
    edits=(toml_text.edited, toml_text.appended),
    write=toml.document,
)
