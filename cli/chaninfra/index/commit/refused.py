"""Indexes that chaninfra does not write, since it would lose what another tool put into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaninfra.channel.errors import RefusedError
from chaninfra.index.commit.authority import AUTHORITY
from chaninfra.index.subdir_index import SubdirIndex


def check_base_url(subdir_index: SubdirIndex, info: Mapping[str, Any], name: str = AUTHORITY) -> None:
    """Raises RefusedError where the `info` of the index file `name` says that its packages are in another place
    (CEP 15).
    """
    base = info.get("base_url")
    if base and not (isinstance(base, str) and subdir_index.is_here(base)):
        raise RefusedError(
            f"the packages of this index are elsewhere (base_url {base}); an index made from the packages here would "
            "lose them",
            where=subdir_index.key(name),
            remedy="index it with the tool that wrote it; or, if the packages here are all there are, delete "
            "its index files and run `chaninfra reindex`",
        )
