"""What is copied with its dependencies is enough to install it: py-rattler solves from the copies alone."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from rattler import (
    BuildString,
    Channel,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    SparseRepoData,
    Version,
    solve_with_sparse_repodata,
)
from rattler.exceptions import SolverError

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.copy.selection import select
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.wanted import Wanted
from support.copies.memory_source import MemorySource

SUBDIRS: tuple[Subdir, ...] = ("noarch", "linux-64")


def random_channel(seed: int) -> MemorySource:
    """Packages that depend on ranges of others, also in circles, constrain others, and cannot all be installed."""
    chance = random.Random(seed)
    source = MemorySource()
    for number in range(14):
        for version in range(1, 7):
            for build in range(chance.choice((1, 1, 2))):
                needs = chance.sample(range(number), min(number, chance.randrange(4)))
                needs += [13] if number in (10, 11) else []
                low = {need: chance.randrange(1, 6) for need in needs}
                forms = (">={0}", "<={0}", ">={0},<{1}", "{0}.*", "*")
                specs = [f"p{need} {chance.choice(forms).format(low[need], low[need] + 2)}" for need in needs]
                specs += chance.choice(([], [], ["__glibc >=2.17"], ["__cuda >=12"], ["p99"]))
                constrains = [f"p{chance.randrange(14)} {chance.choice(('>=2', '<5', '!=3'))}"]
                source.add(
                    f"{chance.choice(SUBDIRS)}/p{number}-{version}.0-b{build}.{chance.choice(('conda', 'tar.bz2'))}",
                    depends=specs,
                    constrains=constrains if chance.random() < 0.3 else [],
                    build_number=build,
                    yanked=chance.random() < 0.05,
                )
    return source


async def installable(packages: Sequence[SourcePackage], of_which: Sequence[SourcePackage], folder: Path) -> set[str]:
    """The paths of those that can be installed from these packages alone."""
    read = []
    for subdir in SUBDIRS:
        tables: dict[str, dict[str, object]] = {"packages": {}, "packages.conda": {}}
        for each in packages:
            if each.subdir == subdir and each.yank is None:
                tables[each.table][each.key] = json.loads(bytes(each.record))
        path = folder / f"{subdir}.json"
        path.write_text(json.dumps({"info": {"subdir": subdir}, **tables}))
        read.append(SparseRepoData(Channel("https://target.invalid/c"), subdir, path))
    glibc = GenericVirtualPackage(PackageName("__glibc"), Version("2.28"), BuildString("0"))
    found = set()
    for each in of_which:
        name, version, build = each.facts.identity()
        spec = MatchSpec(f'{name}[version="=={version}", build="{build}"]')
        with suppress(SolverError):
            await solve_with_sparse_repodata([spec], read, virtual_packages=[glibc])
            found.add(each.path_in_channel)
    return found


# 123 and 146 have a circle in which a version must fit what needs it.
@pytest.mark.parametrize("seed", [*range(5), 123, 146])
def test_what_is_copied_is_what_can_be_installed_and_all_that_it_needs(seed: int, tmp_path: Path) -> None:
    source = random_channel(seed)
    everything = [each for subdir in SUBDIRS for each in source.packages(subdir)]
    named = [each for each in everything if each.file.startswith(("p13-", "p12-", "p7-"))]
    standing = [each for each in named if each.yank is None]
    found = select(source, Wanted(specs=("p13", "p12", "p7"), with_dependencies=True), SUBDIRS, 0)
    copied = {each.path_in_channel for each in found.packages}
    before = asyncio.run(installable(everything, standing, tmp_path))
    after = asyncio.run(installable(found.packages, standing, tmp_path))
    assert 0 < len(before) < len(standing)
    assert after == before
    assert {path for each in standing if (path := each.path_in_channel) in copied} == before
    # It is not simply everything, and what is yanked goes as it is.
    assert {each.path_in_channel for each in named if each.yank} <= copied
    assert len(copied) < len(everything) * 0.8
