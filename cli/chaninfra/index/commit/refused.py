"""Indexes that chaninfra does not write, since it would lose what another tool put into them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import RefusedError
from chaninfra.channel.objects import exists
from chaninfra.index.subdir_index import SubdirIndex

PATCHED = "repodata_from_packages.json"
"""Tools that patch repodata.json keep the unpatched one under this name."""


def is_patched(subdir_index: SubdirIndex) -> Callable[[], bool]:
    """Start to find out whether PATCHED exists in the subdir, for `check_patched`."""
    return subdir_index.runtime.submit(partial(exists, subdir_index.store, subdir_index.key(PATCHED)))


def check_patched(subdir_index: SubdirIndex, *, patched: bool) -> None:
    """Raises RefusedError where another tool patches the index: `patched`."""
    if patched:
        raise RefusedError(
            f"another tool patches this index ({PATCHED} exists); an index made from the packages would lose these",
            where=subdir_index.key(PATCHED),
            remedy=f"index it with that tool, or delete {PATCHED} if nobody uses it any more",
        )


def check_base_url(subdir_index: SubdirIndex, repodata: Repodata) -> None:
    """Raises RefusedError where the index says that its packages are in another place (CEP 15)."""
    base = repodata.info().get("base_url")
    if base and not (isinstance(base, str) and subdir_index.is_here(base)):
        raise RefusedError(
            f"the packages of this index are elsewhere (base_url {base}); an index made from the packages here would "
            "lose them",
            where=subdir_index.key(REPODATA),
            remedy="index it with the tool that wrote it; or, if the packages here are all there are, delete "
            f"{REPODATA} and run `chaninfra reindex`",
        )
