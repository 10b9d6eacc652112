"""Names that hide another channel's: with the first channel that has a name, pixi never looks at the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.examination import Case

_ZSTD = b"\x28\xb5\x2f\xfd"
_NAMED = 10


def names(case: Case) -> Iterator[Finding]:
    """No package has a name that the given list has too."""
    if case.names is None:
        yield Finding(name="names", state="skipped", found="no list of names was given (--names-from)")
        return
    ours: set[str] = set()
    for subdir in case.subdirs:
        repodata = case.index(subdir)
        ours |= {name for name, *_ in repodata.names()} if repodata else set()
    hiding = sorted(ours & case.names)
    if hiding:
        more = f" and {len(hiding) - _NAMED:,} more" if len(hiding) > _NAMED else ""
        yield Finding(
            name="names",
            state="warning",
            found=f"hide those of {case.names_from}: {', '.join(hiding[:_NAMED])}{more}",
            remedy="if that is not meant, give them other names; pixi takes all of a name from the first channel",
        )
    else:
        yield Finding(
            name="names",
            state="ok",
            found=f"{count(len(ours), 'name')}, none of the {len(case.names):,} in {case.names_from}",
        )


def read_names(data: bytes, where: str) -> frozenset[str]:
    """The package names in a repodata.json, its .zst, a shard index, or a list with one a line (# begins a comment).

    Raises ConfigurationError.
    """
    try:
        found = frozenset(_names(data, where))
    except (ChaninfraError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _none(where) from error
    if not found or any(len(name.split()) > 1 for name in found):
        raise _none(where)
    return found


def _names(data: bytes, where: str) -> Iterable[str]:
    if data.startswith(_ZSTD):
        index = ShardIndex.parse(data)
        return index.hashes if index else _names(decompress(data) or b"", where)
    if data.lstrip().startswith(b"{"):
        return [name for name, *_ in Repodata.parse(data, where=where).names()]
    if data.lstrip().startswith(b"["):
        return msgspec.json.decode(data, type=list[str])
    lines = (line.partition("#")[0].strip() for line in data.decode().splitlines())
    return [line for line in lines if line]


def _none(where: str) -> ConfigurationError:
    return ConfigurationError(
        "holds no package names",
        where=where,
        remedy="give a repodata.json, its .zst, a repodata_shards.msgpack.zst, or a list with a name on each line",
    )
