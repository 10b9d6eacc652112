"""Settings for clients, printed from descriptors: one pure renderer a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from chaninfra.channel.descriptor import Descriptor
from chaninfra.manifest.access import Auth
from chaninfra.manifest.pixi import pixi_toml

Target = Literal["pixi"]
TARGETS: tuple[Target, ...] = get_args(Target)
Renderer = Callable[[Sequence[Descriptor], Auth | None], str]

RENDERERS: dict[Target, Renderer] = {"pixi": pixi_toml}
"""Each takes the channels in the order of their priority, and a way of access (None: each channel's own)."""

__all__ = ["RENDERERS", "TARGETS", "Auth", "Renderer", "Target"]
