"""2,000 builds over 400 simulated days under three rules: what is left is what a plain model of the rules says."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from support.index_model.pruned_channel import PrunedChannel, rules

pytestmark = pytest.mark.long

DAYS, EACH_DAY, WEEK = 400, 5, 7
RULES = rules(
    nightlies={"match": "app", "keep-newest": 30, "grace": "14d", "never": ["app 2.0.dev100.*"]},
    tools={"match": "tool", "keep-newest": 2, "per": "version", "grace": "7d"},
    old={"subdir": "linux-64", "older-than": "60d", "grace": "3d"},
)


@dataclass
class Build:
    """A package of the plain model."""

    day: int
    name: str
    version: tuple[int, ...]
    build: int
    subdir: str
    file: str
    yanked: float | None = None
    grace: int = 0

    @property
    def path(self) -> str:
        return f"{self.subdir}/{self.file}"


def built(day: int, chance: random.Random) -> list[Build]:
    """What is built on a day: two builds of app, which has a version each day; two of tool, whose version changes each
    month; one of lib.
    """
    version = (2, 0, day)
    month = (1, day // 30)
    number = day % 30
    found = [
        Build(day, "app", version, each, "noarch", f"app-2.0.dev{day}.0-h{chance.randrange(16**4):04x}_{each}.conda")
        for each in range(2)
    ]
    for subdir in ("noarch", "linux-64"):
        found.append(Build(day, "tool", month, number, subdir, f"tool-1.{day // 30}-py_{number}.conda"))
    found.append(Build(day, "lib", version, 0, "linux-64", f"lib-2.0.{day}-0.conda"))
    return found


def model(builds: list[Build], today: float) -> list[Build]:
    """One run of prune, by the words of the rules: the builds that are left, of which some are yanked."""

    def taken_by(build: Build) -> int | None:
        """The grace period of the first rule that takes it."""
        same = [each for each in builds if (each.name, each.subdir) == (build.name, build.subdir)]
        if build.name == "app" and build.version[2] != 100:
            newer = {each.version for each in same if each.version > build.version and each.version[2] != 100}
            if len(newer) >= 30:
                return 14
        if build.name == "tool":
            newer_builds = [each for each in same if each.version == build.version and each.build > build.build]
            if len(newer_builds) >= 2:
                return 7
        if build.subdir == "linux-64" and today - build.day > 60:
            return 3
        return None

    taken = {build.path: grace for build in builds if (grace := taken_by(build)) is not None}
    left = []
    for build in builds:
        grace = taken.get(build.path)
        if grace is None:
            left.append(build)
        elif build.yanked is None:
            build.yanked = today
            left.append(build)
        elif today - build.yanked < grace:
            left.append(build)
    return left


def test_what_is_left_is_what_the_rules_say() -> None:
    chance = random.Random(18)
    pruned = PrunedChannel(RULES)
    builds: list[Build] = []
    published = 0
    for day in range(DAYS):
        pruned.at(day)
        new = built(day, chance)
        for subdir in ("noarch", "linux-64"):
            pruned.add(*(each.file for each in new if each.subdir == subdir), subdir=subdir)
        builds += new
        published += len(new)
        if day % WEEK == 6 or day == DAYS - 1:
            pruned.at(day + 0.5)
            pruned.prune()
            builds = model(builds, day + 0.5)
            assert pruned.files() == {each.path for each in builds}
            if day % (4 * WEEK) != 6 and day != DAYS - 1:
                # To read the index takes longer than all else.
                continue
            assert pruned.yanked().keys() == {each.path for each in builds if each.yanked is not None}
            assert pruned.listed() == {each.path for each in builds if each.yanked is None}
    assert published == DAYS * EACH_DAY == 2000
    assert 0 < len(builds) < 400
    assert any(each.version == (2, 0, 100) for each in builds)
