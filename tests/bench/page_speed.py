"""How fast the page of a channel is in Chromium: the time to the first list of packages, to the result of a search and
to a package, and the bytes that it gets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import generator
from chaninfra.channel.conda.shards import shard_key
from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import PublicChannel
from support.browser.written import digest_of, put_index, put_json, record, shard

RECORDS_OF_A_NAME = 10
_ROUNDS, _MOST_ROUNDS = 3, 10
# What is measured is measured in the page: from the beginning of the navigation, of a key or a click until the browser
# has drawn what was wanted.
_CLOCK = """
globalThis.wanted = () => document.querySelector("#results a");
globalThis.since = 0;
globalThis.took = null;
const look = () => {
  if (took !== null || !wanted()) return;
  const began = since;
  requestAnimationFrame(() => setTimeout(() => { took ??= performance.now() - began; }));
};
new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
const begin = () => { since = performance.now(); took = null; };
addEventListener("keydown", begin, true);
addEventListener("click", begin, true);
"""


@dataclass(frozen=True)
class Speed:
    """One round: seconds, and the bytes and requests until the page is quiet. `search` is the slowest of the keys."""

    first_list: float
    search: float
    package: float
    bytes: int
    requests: int


def fill(channel: PublicChannel, names: int) -> str:
    """Put the index of a channel of so many names, a part of which are in two subdirs, and summaries for the first
    screen. Only one name has a shard, the name returned; the digests of the others are of none.
    """
    all_names = generator.Channel(generator.Shape(packages=names, names=names)).names
    rng = random.Random(generator.SEED)
    half, overlap = names // 2, names // 10
    looked_at = all_names[0]
    records = {
        f"{looked_at}-{number}.0-0.conda": record(looked_at, version=f"{number}.0", depends=["python >=3.12", "libgcc"])
        for number in range(1_000)
    }
    data = shard(records)
    channel.put(f"noarch/{shard_key(digest_of(data))}", data)
    for subdir, its in (("noarch", all_names[: half + overlap]), ("linux-64", all_names[half:])):
        digests = {name: rng.randbytes(32) for name in its}
        if looked_at in digests:
            digests[looked_at] = digest_of(data)
        put_index(channel, digests, len(its) * RECORDS_OF_A_NAME, subdir)
    for name in sorted(all_names)[:60]:
        said = {"name": name, "file": f"{name}-1-0.conda", "version": "1", "summary": f"What {name} is for"}
        for subdir in ("noarch", "linux-64"):
            put_json(channel, f"{subdir}/summaries/{name}.json", said)
    return looked_at


def measure(
    browser: Chromium, channel: PublicChannel, name: str, enough: Callable[[Sequence[Speed]], bool]
) -> list[Speed]:
    """Three rounds, and more until they are `enough`, ten at most. `name` has a shard."""
    rounds: list[Speed] = []
    while len(rounds) < _ROUNDS or (len(rounds) < _MOST_ROUNDS and not enough(rounds)):
        rounds.append(_round(browser, channel, name))
    return rounds


def _round(browser: Chromium, channel: PublicChannel, name: str) -> Speed:
    with browser.window(channel.page) as visit:
        visit.page.add_init_script(_CLOCK)
        visit.page.goto(channel.page)
        first_list = _took(visit)
        visit.page.wait_for_load_state("networkidle")
        got = visit.got()
        field = visit.page.get_by_label("Search packages")
        field.focus()
        keys = []
        for end in range(1, len(name[:5]) + 1):
            # Names that contain it are found by each key; the heading says for which text the list is.
            visit.page.evaluate(
                "(text) => { wanted = () => document.querySelector('h1').innerText.includes(text); }", f"“{name[:end]}”"
            )
            visit.page.keyboard.press(name[end - 1])
            keys.append(_took(visit))
        field.fill(name)
        link = visit.page.get_by_role("link", name=name, exact=True)
        link.wait_for()
        visit.page.evaluate("wanted = () => document.querySelector('.file')")
        link.click()
        package = _took(visit)
        assert visit.problems() == {}
        return Speed(first_list, max(keys), package, sum(each.size for each in got), len(got))


def _took(visit: Visit) -> float:
    visit.until("took !== null")
    took: float = visit.page.evaluate("took")
    return took / 1000
