"""Finds the records whose patch is missing."""

from __future__ import annotations

from chaninfra.channel.conda.repodata import Repodata
from chaninfra.index.commit.laying import laid
from chaninfra.index.patches.document import Patches


def not_laid(repodata: Repodata, patches: Patches) -> list[str]:
    """The files whose record would be changed by their patch: it was killed before it committed, or another writer has
    made the record.
    """
    found = []
    for file in patches:
        place = repodata.find(file)
        if place is not None:
            record = repodata.records[place[0]][place[1]]
            if laid(patches, file, record) is not record:
                found.append(file)
    return sorted(found)
