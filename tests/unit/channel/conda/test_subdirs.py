"""The subdirs that a channel can have."""

from __future__ import annotations

import json

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from support.paths import DATA

PIXI = DATA / "pixi-manifest-0.77.0.schema.json"


def test_subdirs_are_the_platforms_of_pixi() -> None:
    platform = json.loads(PIXI.read_text())["$defs"]["Platform"]
    known = set(platform.get("enum") or [option["const"] for option in platform["oneOf"]])
    assert set(KNOWN_SUBDIRS) == known - {"unknown"}
