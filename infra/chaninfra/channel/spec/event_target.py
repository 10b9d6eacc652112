"""Where the bucket sends the events of a channel, for its follower."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from msgspec import UnsetType

from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.model import CAPABILITIES, Provider
from chaninfra.channel.spec.model import ChannelSpec


def event_target(config: ChannelConfig, provider: Provider, where: str) -> str | None:
    """The target that the config names; None if it names none.

    Raises ConfigurationError where the stack cannot let the bucket send its events there.
    """
    follow = config.index.follow
    if isinstance(follow, UnsetType) or follow.target is None:
        return None
    if provider.backend == "aws":
        problem = f"on {provider.title} `index.follow` alone makes the queue and the function that follow"
        remedy = "remove `index.follow.target`"
    elif not provider.can("notifications"):
        problem = f"{provider.title} does not support this ({CAPABILITIES['notifications']})"
        remedy = "remove `index.follow.target`, and let the follower list: chaninfra follow CHANNEL --every 30s"
        if provider.events is not None:
            remedy = (
                "remove `index.follow.target`: the server itself is told where to send its events, as the stack output "
                "`next-steps` then says"
            )
    else:
        return follow.target
    raise ConfigurationError(problem, where=where, key=("index", "follow", "target"), remedy=remedy)


def check_targets(channels: Iterable[ChannelSpec], where: str) -> None:
    """Raise ConfigurationError if two channels have one target: it has one URL, and a follower has one channel."""
    for one, other in combinations(channels, 2):
        if one.event_target is not None and one.event_target == other.event_target:
            raise ConfigurationError(
                f"the channels {one.name} and {other.name} have the same target, and only one follower would be told",
                where=where,
                key=("index", "follow", "target"),
                remedy="let the operator of the server set up a target for each of them",
            )
