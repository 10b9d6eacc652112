"""Retention rules of a channel on a server."""

from __future__ import annotations

import json
from typing import Any

from support.channels.channel_at import PREFIX, Place


def declare(place: Place, **rules: Any) -> None:
    """Put the rules into channel.json, as a stack does that declares them."""
    at = {"Bucket": place.bucket, "Key": f"{PREFIX}/channel.json"}
    client = place.server.client()
    document = json.loads(client.get_object(**at)["Body"].read())
    client.put_object(**at, Body=json.dumps({**document, "retention": rules}).encode())
