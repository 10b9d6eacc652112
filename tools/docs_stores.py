"""The stores that people run themselves, for `docs/own-store.md`: a table, and a section for each, from its row."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.outputs.next_steps import next_steps
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import AT_ADMIN_URL, Capability, Provider, Support
from chaninfra.channel.spec.build import build_spec

NAMES = ("ceph", "garage", "seaweedfs", "rustfs", "versitygw", "minio")
"""The rows, in the order of the page: those that are maintained first."""
USES: dict[Capability, str] = {
    "bucket-policy": "policies of a bucket",
    "acl": "a public bucket by its ACL",
    "public-access-block": "a block of public access",
    "versioning": "`versioning`",
    "lifecycle-versions": "`old-versions-days`",
    "lifecycle-uploads": "`open-uploads-days`",
    "encryption": "`encryption`",
    "tags": "`tags`",
    "cors": "`cors-origins`",
    "notifications": "events that a bucket sends to a follower (`index.follow.target`)",
    "conditional-multipart": "conditions on uploads in parts, those of large files",
    "conditional-copy": "conditions on copies within the store",
    "conditional-versioned": "conditions in a bucket with versions",
    "conditional-recreate": "conditions on what was deleted in a bucket with versions",
}
"""Capability → what a channel has of it. Those for several writers at once are said before."""
_COMMITS: tuple[Capability, ...] = ("conditional-create", "conditional-replace")
"""The conditions on which a commit of several writers rests."""
_SAID = frozenset([*USES, *_COMMITS])
"""The columns that a section has in these words."""
_WRITERS: dict[Support, str] = {
    "yes": "several at once",
    "no": "one at a time: `index.writers: single`",
    "unknown": "several at once, if `chaninfra doctor --probe` says so",
}
_FILE = "Pulumi.prod.yaml"


def overview() -> str:
    """The table of all of them."""
    lines = [
        "| store | writers | access keys by | tokens by | measured |",
        "|---|---|---|---|---|",
    ]
    for row in map(PROVIDERS.__getitem__, NAMES):
        title = f"[{row.title}](#{row.title.lower().replace(' ', '-')})"
        measured = "; ".join(_measured(row)) or "no, from its documents"
        cells = (title, _writers(row), f"`{row.keys.value}`", f"`{row.oidc.value}`", measured)
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


def sections() -> str:
    """A section for each store."""
    return "\n".join(line for name in NAMES for line in _section(PROVIDERS[name]))


def _section(row: Provider) -> Iterator[str]:
    yield from (f"### {row.title}", "")
    yield from (f"`provider: {row.name}`. Writers: {_writers(row)}.", "")
    words: dict[Support, str] = {"yes": "It has", "no": "It has not", "unknown": "Not known"}
    for support, word in words.items():
        facts = [(use, row.capabilities[name]) for name, use in USES.items() if row.capabilities[name].value == support]
        if facts:
            yield from (f"{word}:", "", *(_item(use, fact.note) for use, fact in facts), "")
    notes = [_item(f"`{name}`", fact.note) for name, fact in row.facts().items() if fact.note and name not in _SAID]
    if notes:
        yield from ("What else to know, by [column](providers.md):", "", *notes, "")
    yield from _by_hand(row)


def _item(word: str, note: str | None) -> str:
    return f"- {word}" if note is None else f"- {word}: {note}"


def _by_hand(row: Provider) -> Iterator[str]:
    """What a person does for a public channel with a publisher's key: the next steps of a stack, as it has them."""
    raw = {
        "provider": row.name,
        "endpoint-url": "https://s3.example.com",
        "bucket": "my-bucket",
        "prefix": "main",
        "visibility": "public",
        "public-url": "https://conda.example.com/main",
        "publishers": {"ci": {"key": {}}},
    }
    for step in next_steps(build_spec(raw, where=_FILE), stack_file=_FILE):
        yield from (f"{step.title} ({step.why}):", "", "```", *step.steps, "```", "")
    if row.keys.value in AT_ADMIN_URL:
        yield from ("With `admin-url` in the stack config, `pulumi up` makes the keys.", "")


def _writers(row: Provider) -> str:
    found = _WRITERS[_commits(row)]
    apart = _commits(row) == "yes" and row.capabilities["conditional-versioned"].value == "no"
    return f"{found}, but with `versioning` one at a time" if apart else found


def _commits(row: Provider) -> Support:
    found = {row.capabilities[name].value for name in _COMMITS}
    return "no" if "no" in found else "unknown" if "unknown" in found else "yes"


def _measured(row: Provider) -> list[str]:
    """The servers on which facts of the row were tried, each with the day."""
    sources = {source for fact in row.facts().values() for source in fact.sources if source.server is not None}
    return sorted(f"{source.server}, {source.tried}" for source in sources)
