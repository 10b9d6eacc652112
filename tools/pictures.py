"""The drawn pictures of `docs/`: the way of an upload, and the access table. `tools/docs.py` writes them.

A picture has a background of its own, and lighter and darker colours for a browser that is set to dark, so it can be
read on any page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from access_table import ACTIONS, PLACES, PRINCIPALS, TABLE, is_in_sources
from chaninfra.manifest.formats.versions import CONDA_SHARDS, MAMBA_SHARDS

_STYLE = """\
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}
.head{font-weight:600;font-size:14px}.small{font-size:11.5px;fill:#59636e}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px}
.bold{font-weight:600}.card{fill:#fff}.area{fill:#f6f8fa;stroke:#d1d9e0}.box{fill:#fff;stroke:#afb8c1}
.key{fill:#d7f0f4;stroke:#0b7285;stroke-width:2}.line{stroke:#59636e;stroke-width:1.5;fill:none}.tip{fill:#59636e}
.number{fill:#0b7285}.in{fill:#fff;font-weight:600}.yes{fill:#1a7f37}.ring{fill:none;stroke:#1a7f37;stroke-width:2}
.no{stroke:#afb8c1;stroke-width:2}.stripe{fill:#f6f8fa}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.small{fill:#9198a1}.card{fill:#0d1117}.area{fill:#151b23;stroke:#3d444d}
.box{fill:#0d1117;stroke:#656c76}.key{fill:#0f3a42;stroke:#3bc9db}.line{stroke:#9198a1}.tip{fill:#9198a1}
.number{fill:#3bc9db}.in{fill:#0d1117}.yes{fill:#3fb950}.ring{stroke:#3fb950}.no{stroke:#656c76}.stripe{fill:#151b23}}
"""


def pictures() -> dict[str, str]:
    """Name in `docs/` → text of every drawn picture."""
    return {"upload.svg": upload(), "access.svg": access()}


@dataclass(frozen=True)
class Put:
    """What a publish puts into the bucket."""

    what: str
    key: str
    """An example of an object key below the channel."""
    kind: str
    """The last parts of such keys, as a pattern."""
    condition: str
    header: str
    """The header that makes the store check the condition, or else why there is none."""


PUTS = (
    Put("the package", "noarch/my-package-1.0-0.conda", "*.conda", "only if it is new", "If-None-Match"),
    Put("its shard", "noarch/shards/<sha256>.msgpack.zst", "shards/*", "never changed again", "always a new name"),
    Put(
        "the index",
        "noarch/repodata_shards.msgpack.zst",
        "repodata_shards.msgpack.zst",
        "only if nobody was first",
        "If-Match: the commit",
    ),
    Put("the history", ".chaninfra/history/noarch/7", "history/*", "a copy of this index", "If-None-Match"),
    Put("for older clients", "noarch/repodata.json, .zst", "repodata.json*", "made from the index", "If-Match"),
)
"""In the order of a publish; `tests/bench/test_requests.py` compares it with the requests of one."""

_ROW, _TOP = 74, 62


def upload() -> str:
    """The way of a package from `chaninfra publish` to the clients."""
    height = _TOP + _ROW * len(PUTS)
    parts = [
        _text(24, 34, "Who publishes", "head"),
        _text(404, 34, "The bucket, below s3://my-bucket/my-channel/", "head"),
        _text(802, 34, "Who installs", "head"),
        _box(20, _TOP - 12, 160, _ROW * len(PUTS) - 4, "area"),
        _text(36, _TOP + 22, "chaninfra publish", "code bold"),
        *_lines(
            36,
            _TOP + 48,
            ["on a laptop or in CI,", "many at the same time,", "without a server", "between them"],
            "small",
        ),
        _box(392, _TOP - 12, 356, _ROW * len(PUTS) - 4, "area"),
    ]
    for number, put in enumerate(PUTS, 1):
        y = _TOP + _ROW * (number - 1) + 20
        parts += [
            _box(404, y - 24, 332, 50, "key" if put.what == "the index" else "box"),
            _text(416, y - 5, put.what, "bold"),
            _text(416, y + 14, put.key, "code"),
            _arrow(180, 402, y),
            f'<circle class="number" cx="204" cy="{y}" r="11"/>',
            _text(204, y + 4.5, str(number), "in", "middle"),
            _text(222, y - 7, put.condition),
            _text(222, y + 17, put.header, "small"),
        ]
    rows = [_TOP + _ROW * row + 20 for row in range(len(PUTS))]
    parts += [
        _box(800, _TOP - 12, 176, _ROW * 3 - 14, "area"),
        *_lines(
            814,
            _TOP + 14,
            ["pixi, rattler-build", f"conda from {CONDA_SHARDS}", f"mamba from {MAMBA_SHARDS}"],
            "bold",
        ),
        *_lines(
            814, _TOP + 82, ["ask for the index, then", "for the shards that they", "need, then for packages"], "small"
        ),
        *(_arrow(736, 798, y) for y in rows[:3]),
        _box(800, rows[4] - 26, 176, 54, "area"),
        *_lines(814, rows[4] - 6, ["older conda, mamba"], "bold"),
        *_lines(814, rows[4] + 14, ["read the whole subdir"], "small"),
        _arrow(736, 798, rows[4]),
        *_lines(
            24,
            height + 14,
            [
                "Step 3 is the commit, the one request that decides. If another publisher was first, the store refuses",
                "it; chaninfra reads the new index and does 2 and 3 again, and nobody's package is lost.",
            ],
        ),
    ]
    return _svg(996, height + 50, "The way of a package from chaninfra publish to the clients", parts)


_CELL, _SIDE, _LEFT, _HEAD = 82, 25, 460, 134


def access() -> str:
    """The access table as circles: full is allowed, with a ring around it in the whole bucket."""
    actions, principals = [*ACTIONS], [*PRINCIPALS]
    width, bottom = _LEFT + _CELL * len(principals) + 16, _HEAD + _SIDE * len(actions)
    parts = []
    for column, principal in enumerate(principals):
        words = textwrap.wrap(PRINCIPALS[principal].replace("`", ""), 13)
        first = _HEAD - 14 - 15 * (len(words) - 1)
        middle = _LEFT + _CELL * (column + 0.5)
        parts += [_text(middle, first + 15 * line, word, "small", "middle") for line, word in enumerate(words)]
    for row, action in enumerate(actions):
        y = _HEAD + _SIDE * row
        if row % 2 == 0:
            parts.append(f'<rect class="stripe" x="12" y="{y}" width="{width - 24}" height="{_SIDE}"/>')
        parts.append(_text(20, y + 17, ACTIONS[action].replace("`", "")))
        for column, principal in enumerate(principals):
            cells = [TABLE[principal, place, action] for place in PLACES]
            middle = _LEFT + _CELL * (column + 0.5)
            parts += _mark(middle, y + _SIDE / 2, sum(cell.allowed for cell in cells))
            if any(cell.aws_only for cell in cells):
                parts.append(_text(middle + 15, y + 11, "A", "small"))
            if is_in_sources(principal, action):
                parts.append(_text(middle + 15, y + 11, "S", "small"))
    legend = (
        (0, "not allowed"),
        (1, "in the channel's own prefix"),
        (2, "in the whole bucket"),
    )
    x = 28.0
    for places, meaning in legend:
        parts += [*_mark(x, bottom + 26, places), _text(x + 16, bottom + 30.5, meaning, "small")]
        x += 60 + 6.2 * len(meaning)
    parts.append(_text(x - 8, bottom + 30.5, "A  a condition that only AWS itself can judge", "small"))
    parts.append(_text(x - 8, bottom + 48.5, "S  also in the channels that it promotes from", "small"))
    return _svg(width, bottom + 64, "Who may do what in a channel; the table below has the same in words", parts)


def _mark(x: float, y: float, places: int) -> list[str]:
    if not places:
        return [f'<path class="no" d="M{x - 5:g} {y:g}h10"/>']
    ring = [f'<circle class="ring" cx="{x:g}" cy="{y:g}" r="9"/>'] if places == len(PLACES) else []
    return [f'<circle class="yes" cx="{x:g}" cy="{y:g}" r="5.5"/>', *ring]


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    size = f'width="{width:g}" height="{height:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {size} role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="card" {size} rx="8"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _box(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "") -> str:
    said = "".join([f' class="{kind}"' if kind else "", f' text-anchor="{anchor}"' if anchor else ""])
    return f'<text{said} x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _lines(x: float, y: float, lines: Sequence[str], kind: str = "") -> list[str]:
    return [_text(x, y + 19 * number, line, kind) for number, line in enumerate(lines)]


def _arrow(start: float, end: float, y: float) -> str:
    return f'<path class="line" d="M{start:g} {y:g}H{end - 6:g}"/><path class="tip" d="M{end:g} {y:g}l-9 -4.5v9z"/>'
