"""A plot of cost against size, both on logarithmic scales, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 270, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 92, 44, 40
_COLOURS = ("#0b7285", "#c2255c", "#868e96")
_STYLE = "text{font:12px system-ui,sans-serif;fill:#212529}.title{font-weight:600}.axis{fill:#868e96;font-size:11px}"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One plot: a line a series, each of points (size, cost)."""

    title: str
    series: Mapping[str, Points]


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    step = _LEFT + _WIDTH + _RIGHT
    width, height = step * len(panels), _TOP + _HEIGHT + _BOTTOM
    size = f'width="{width}" height="{height}"'
    drawn = [f'<g transform="translate({number * step},0)">{_panel(panel)}</g>' for number, panel in enumerate(panels)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
            f"<style>{_STYLE}</style>",
            # A page may be dark, and the text is not.
            f'<rect {size} rx="6" fill="#fff"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def _panel(panel: Panel) -> str:
    points = [point for series in panel.series.values() for point in series]
    across = _scale([x for x, _ in points], _LEFT, _LEFT + _WIDTH)
    up = _scale([y for _, y in points], _TOP + _HEIGHT, _TOP)
    parts = [f'<text class="title" x="{_LEFT}" y="20">{escape(panel.title)}</text>']
    for value, y in up.decades():
        parts.append(f'<path d="M{_LEFT} {y:.1f}h{_WIDTH}" stroke="#dee2e6"/>')
        parts.append(f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>')
    for value, x in across.decades():
        parts.append(f'<path d="M{x:.1f} {_TOP}v{_HEIGHT}" stroke="#f1f3f5"/>')
        label = f'y="{_TOP + _HEIGHT + 16}" text-anchor="middle"'
        parts.append(f'<text class="axis" x="{x:.1f}" {label}>{value:,g}</text>')
    middle = f'x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 34}" text-anchor="middle"'
    parts.append(f'<text class="axis" {middle}>packages in the subdir</text>')
    for (name, series), colour in zip(panel.series.items(), _COLOURS, strict=True):
        if not series:
            continue
        placed = [(across(x), up(y)) for x, y in series]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
        x, y = placed[-1]
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" style="fill:{colour}">{escape(name)}</text>')
    return "".join(parts)


@dataclass(frozen=True)
class _Scale:
    """From the decades `low` to `high` to the pixels `start` to `end`."""

    low: int
    high: int
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def decades(self) -> list[tuple[float, float]]:
        """Each power of ten, and where it lies."""
        values = [10.0**power for power in range(self.low, self.high + 1)]
        return [(value, self(value)) for value in values]


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    low = math.floor(math.log10(min(values)) + 1e-9)
    return _Scale(low, max(math.ceil(math.log10(max(values)) - 1e-9), low + 1), start, end)
