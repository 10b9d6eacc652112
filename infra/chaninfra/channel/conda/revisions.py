"""`info.repodata_revisions` (CEP 48): how many records below `v3` an index has, and when they were indexed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from chaninfra.channel.conda.filenames import V3

KEY = "repodata_revisions"


def with_v3(info: Mapping[str, Any], count: int, times: Collection[int]) -> dict[str, Any]:
    """`info` for an index with `count` records below `v3`, indexed at these times (ms since 1970). Other revisions, and
    keys that chaninfra does not know, stay.
    """
    revisions = dict(info.get(KEY) or {})
    known = revisions.pop(V3, {})
    if count > 0:
        ends = {"oldest": min(times), "newest": max(times)} if times else {}
        revisions[V3] = {**known, "n_packages": count, **ends}
    rest = {key: value for key, value in info.items() if key != KEY}
    return {**rest, **({KEY: revisions} if revisions else {})}
