"""Retention rules of a channel on a server."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.locks import Lock
from chaninfra.index.prune.prepare import matchers_of, prepare
from chaninfra.index.prune.prune import Pruned, carry_out
from chaninfra.index.runtime import Threads
from support.channels.channel_at import PREFIX, Place


def declare(place: Place, **rules: Any) -> None:
    """Put the rules into channel.json, as a stack does that declares them."""
    at = {"Bucket": place.bucket, "Key": f"{PREFIX}/channel.json"}
    client = place.server.client()
    document = json.loads(client.get_object(**at)["Body"].read())
    client.put_object(**at, Body=json.dumps({**document, "retention": rules}).encode())


class Later(Threads):
    """The runtime of a process that runs some days later."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._ms = days * 86_400_000

    def now_ms(self) -> int:
        """See Runtime."""
        return time.time_ns() // 1_000_000 + self._ms


def pruned_later(place: Place, days: int, locks: Sequence[Lock] = ()) -> Pruned:
    """Prune as if it were so many days later."""
    opened = opened_later(place, days)
    matchers = matchers_of(opened)
    return carry_out(opened, prepare(opened, matchers, locks=locks), matchers.rules)


def opened_later(place: Place, days: int) -> Channel:
    """The channel as a process has it that runs so many days later."""
    found = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    keys = Credentials(place.server.access_key_id, place.server.secret_access_key)
    opened = Channel(descriptor=parse(found, where="channel.json"), credentials=keys)
    vars(opened).update(runtime=Later(days))
    return opened
