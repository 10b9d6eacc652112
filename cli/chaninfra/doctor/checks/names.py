"""Package names that another channel has too: pixi takes a name from the first channel that has it, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel.conda.index_files import MAX_REPODATA, decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SHOWN = 10


def names(exam: Examination) -> Iterator[Finding]:
    """No package has a name that the list of --names-from has too."""
    if exam.names is None:
        yield Finding(state="skipped", found="no list of names was given (--names-from)")
        return
    ours: set[str] = set()
    for subdir in exam.subdirs:
        repodata = exam.index(subdir)
        ours |= {name for name, *_ in repodata.names()} if repodata else set()
    hiding = sorted(ours & exam.names)
    if hiding:
        more = f" and {len(hiding) - _SHOWN:,} more" if len(hiding) > _SHOWN else ""
        yield Finding(
            state="warning",
            found=f"also in {exam.names_from}: {', '.join(hiding[:_SHOWN])}{more}",
            remedy="if unintended, rename the packages: pixi takes a name from one channel, the first with it",
        )
    else:
        found = f"{count(len(ours), 'name')}, none of them among the {len(exam.names):,} in {exam.names_from}"
        yield Finding(state="ok", found=found)


def read_names(data: bytes, where: str) -> frozenset[str]:
    """The package names in a document.

    `data` is a repodata.json, plain or zstd-compressed; a shard index (CEP 16); a JSON list of names; or text with one
    name per line, in which `#` begins a comment. Raises ConfigurationError if it holds no names.
    """
    try:
        found = frozenset(_names(data, where))
    except (ChaninfraError, *MALFORMED) as error:
        raise _no_names(where) from error
    if not found or any(len(name.split()) > 1 for name in found):
        raise _no_names(where)
    return found


def _names(data: bytes, where: str) -> Iterable[str]:
    if data.startswith(_ZSTD_MAGIC):
        index = ShardIndex.parse(data)
        if index:
            return index.hashes
        data = bytes(decompress(data, MAX_REPODATA) or b"")
    if data.lstrip().startswith(b"{"):
        return [name for name, *_ in Repodata.parse(data, where=where).names()]
    if data.lstrip().startswith(b"["):
        return msgspec.json.decode(data, type=list[str])
    lines = (line.partition("#")[0].strip() for line in data.decode().splitlines())
    return [line for line in lines if line]


def _no_names(where: str) -> ConfigurationError:
    return ConfigurationError(
        "holds no package names",
        where=where,
        remedy="give a repodata.json, its .zst, a repodata_shards.msgpack.zst, or a list with one name per line",
    )
