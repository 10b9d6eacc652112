"""What a machine of each subdir has."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.index.copy.virtual_packages import virtual_packages


@pytest.mark.parametrize(
    ("subdir", "names"),
    [
        ("linux-64", {"__unix": "0", "__linux": "4.18", "__glibc": "2.28", "__archspec": "1=x86_64"}),
        ("osx-arm64", {"__unix": "0", "__osx": "13.0", "__archspec": "1=m1"}),
        ("win-64", {"__win": "0", "__archspec": "1=x86_64"}),
        ("emscripten-wasm32", {"__unix": "0"}),
        ("noarch", {}),
    ],
)
def test_the_defaults(subdir: Subdir, names: dict[str, str]) -> None:
    found = virtual_packages(subdir, None)
    assert {each.name: each.version + (f"={each.build}" if each.build != "0" else "") for each in found} == names


def test_what_is_given_is_there_besides_the_defaults_or_instead() -> None:
    found = {each.name: each.version for each in virtual_packages("linux-64", {"__glibc": "2.17", "__cuda": "12.4"})}
    assert found == {"__unix": "0", "__linux": "4.18", "__glibc": "2.17", "__archspec": "1", "__cuda": "12.4"}
    assert [each.name for each in virtual_packages("noarch", {"__unix": "0"})] == ["__unix"]


@pytest.mark.parametrize("subdir", [each for each in KNOWN_SUBDIRS if each not in ("noarch", "zos-z")])
def test_every_platform_has_some(subdir: Subdir) -> None:
    assert virtual_packages(subdir, None)
