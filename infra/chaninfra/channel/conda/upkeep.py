"""What keeps a channel that follows in order by the clock, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Task = Literal["compare", "reindex", "gc"]
"""`compare`: the channel is compared with its index, and what no event has told is followed."""
TASKS: tuple[Task, ...] = get_args(Task)
Order = Task | Literal["snapshots"]
"""`snapshots`: that of the period is made, and the oldest are removed, where the channel has `snapshots`. No mark says
when it ran: the snapshots themselves do.
"""
ORDERS: tuple[Order, ...] = (*TASKS, "snapshots")

EVERY_S: Mapping[Order, int] = {"compare": 3600, "reindex": 24 * 3600, "gc": 7 * 24 * 3600, "snapshots": 3600}
"""Seconds from one run to the next. `gc` deletes what one run has marked by the first run that is a week later."""

CHANNELS_VARIABLE = "CHANINFRA_CHANNELS"
"""The environment variable of the function in AWS Lambda that names the channels: a JSON list of s3:// URLs."""
