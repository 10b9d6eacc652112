"""What `chaninfra delete` says of what is left."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ChaninfraError, DeniedError, StorageError
from chaninfra.cli.commands.delete import _left
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.withdrawal.delete import Deleted

AGAIN = "chaninfra delete noarch/a-1-0.conda -c X --reason leaked --yes"
KEY = "c/channeldata.json"
REMEDIES = Remedies(source="s3", channel="X", flags={})


@pytest.mark.parametrize(
    ("why", "code", "said"),
    [
        (
            DeniedError("writing is not permitted", where=KEY, remedy="the index is written all the same"),
            5,
            f"{KEY}: channeldata.json still tells of what was deleted; all else is done: writing is not permitted\n"
            "  let maintainers write it (`pulumi up` does, where `index.channeldata` is set), or delete it with the "
            f"store's own tools; then run it again: `{AGAIN}`",
        ),
        (
            StorageError("others wrote it first, 20 times", where=KEY, remedy="wait"),
            3,
            f"{KEY}: channeldata.json still tells of what was deleted; all else is done: others wrote it first, 20 "
            f"times\n  wait; or delete it with the store's own tools. Then run it again: `{AGAIN}`",
        ),
        (
            StorageError("is too large", where=KEY),
            3,
            f"{KEY}: channeldata.json still tells of what was deleted; all else is done: is too large\n"
            f"  delete it with the store's own tools. Then run it again: `{AGAIN}`",
        ),
    ],
)
def test_channeldata_that_still_tells_of_it_is_an_error(why: ChaninfraError, code: int, said: str) -> None:
    error = _left(Deleted(channeldata=why), None, AGAIN, REMEDIES)
    assert error is not None
    assert (error.exit_code, str(error)) == (code, said)


def test_where_nothing_is_left_there_is_no_error() -> None:
    assert _left(Deleted(), None, AGAIN, REMEDIES) is None
