"""Changes of a bucket's settings and policy, which are read back until the store has them.

Some stores (`settings-changes` in the table of providers) keep all settings of a bucket in one record, which each
change reads and writes back whole. Of two changes at once, one is lost, although both are answered with 200.
`backends.s3.bucket` orders the changes of a stack; another stack on the same bucket, or a person, may still change it
at the same time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from chaninfra.channel.errors import StorageError
from chaninfra.channel.location import Location

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds after each attempt: for stores that show a change late, and for the other change to end."""


def change_and_read_back(
    location: Location, name: str, change: Callable[[], object], is_there: Callable[[], bool]
) -> None:
    """Make a change until `is_there`: once for each of PAUSES at most. `name` is that of the setting, for the error.

    Raises StorageError if the store answers every attempt with success and keeps none.
    """
    for pause in PAUSES:
        change()
        if is_there():
            return
        # Not the same for two stacks that undo each other's changes.
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (no secret)
        if is_there():
            return
    raise StorageError(
        f"the store accepted the change of the {name} of s3://{location.bucket} {len(PAUSES)} times, and does not have "
        "it: something else changes the bucket at the same time, or the store does not keep this setting",
        where=location.endpoint_url,
        remedy="make sure that nothing else changes the bucket, and run `pulumi up` again; if that does not help, do "
        f"not declare the {name}, and set it with the store's own tools",
    )
