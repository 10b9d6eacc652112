"""A double of a channel's CDN, in place of requests to CloudFront."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Cdn
from chaninfra.index import cdn_invalidation
from chaninfra.index.channel import Channel
from support.channels.followed import FollowedChannel


class CdnDouble:
    """Keeps the paths that it is asked to invalidate; `refuses`: whether it answers with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[list[str]] = []
        self.refuses = False
        monkeypatch.setattr(cdn_invalidation, "invalidate", self._invalidate)

    def _invalidate(self, _: Channel, paths: Sequence[str]) -> None:
        self.asked.append([*paths])
        if self.refuses:
            raise ChaninfraError("the CDN was not invalidated (TooManyInvalidationsInProgress)", remedy="run: aws ...")


def behind_cdn(channel: FollowedChannel) -> Channel:
    """The channel, opened, whose descriptor names a distribution."""
    opened = channel.channel()
    cdn = Cdn(kind="cloudfront", id="E2EXAMPLE")
    object.__setattr__(opened, "descriptor", msgspec.structs.replace(opened.descriptor, cdn=cdn))
    return opened
