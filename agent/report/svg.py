"""The few pieces of SVG that the figures are made of.

The page's style sheet dresses them, so one figure serves light, dark, phone and paper, with no
script; matplotlib's SVG was weighed: 1.5 MB of fixed colours, no tooltips, for what is 0.6 MB here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from agent.report.digits import Digits, brief

Drawn = Markup


def tag(name: str, content: str = "", **attributes: float | str | None) -> Drawn:
    """One element. Text and attributes are escaped; `class_` and `text_anchor` become HTML's names."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{escape(content)}</{name}>")  # noqa: S704 - escaped above


def _attribute(value: float | str | None) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(escape(value))


def joined(parts: Iterable[Drawn]) -> Drawn:
    """The elements one after another."""
    return Markup("").join(parts)


def text(
    x: float, y: float, words: str, class_: str | None = None, anchor: str | None = None
) -> Drawn:
    """Words at a place; `anchor` is `middle` or `end`."""
    return tag("text", words, x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Drawn:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def dot(x: float, y: float, class_: str, tip: str, r: float = 3.2) -> Drawn:
    """A dot that tells what it is when it is pointed at."""
    return tag("circle", tag("title", tip), cx=x, cy=y, r=r, class_=class_)


def cross(x: float, y: float, class_: str, tip: str, r: float = 3.2) -> Drawn:
    """A cross that tells what it is when it is pointed at."""
    arms = f"M{x - r:.1f} {y - r:.1f}l{2 * r:g} {2 * r:g}m0 {-2 * r:g}l{-2 * r:g} {2 * r:g}"
    return tag("path", tag("title", tip), d=arms, class_=class_)


def figure(
    width: float, height: float, parts: Iterable[Drawn], label: str, class_: str = ""
) -> Drawn:
    """A whole figure; `label` says in words what it shows, to those who cannot see it."""
    return tag(
        "svg", joined(parts), viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label,
        class_=class_ or None, style=f"max-width:{width:g}px",
    )  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """From values between `low` and `high` to the page between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where `value` is on the page."""
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the scale: of the 1, 2, 5 series, or powers of ten."""
        if self.log:
            return self._decades(about)
        raw = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * k for k in (1, 2, 5, 10) if power * k >= raw * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [k * step for k in range(first, last + 1)]

    def _decades(self, about: int) -> list[float]:
        first = math.ceil(math.log10(self.low) - 1e-9)
        last = math.floor(math.log10(self.high) + 1e-9)
        if last - first <= 1:
            fine = [k * 10.0**power for power in range(first - 1, last + 1) for k in (1, 2, 5)]
            return [tick for tick in fine if self.low <= tick <= self.high]
        every = max(math.ceil((last - first + 1) / about), 1)
        return [10.0**k for k in range(first, last + 1, every)]

    def labels(self, about: int = 5) -> list[tuple[float, str]]:
        """Where the ticks are, and their words."""
        ticks = self.ticks(about)
        if self.log:
            return [(self(tick), brief(tick)) for tick in ticks]
        gap = ticks[1] - ticks[0] if len(ticks) > 1 else self.high - self.low
        if gap < 1e-4 or max(abs(self.low), abs(self.high)) >= 1e6:
            return [(self(tick), brief(tick)) for tick in ticks]
        decimals = min(max(-math.floor(math.log10(gap) + 1e-9), 0), 9)
        return [(self(tick), Digits(decimals).bare(tick)) for tick in ticks]


def around(values: Sequence[float], start: float, end: float, margin: float = 0.06) -> Scale:
    """A linear scale that holds `values` with a margin."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = (high - low) * margin
    if pad <= abs(high) * 1e-12:
        pad = abs(high) * 0.1 or 1.0
    return Scale(low - pad, high + pad, start, end)


def left_axis(scale: Scale, x: float, about: int = 5) -> Drawn:
    """Tick labels to the left of `x`."""
    return joined(
        joined((line(x - 4, y, x, y, "tick"), text(x - 7, y + 3.5, words, anchor="end")))
        for y, words in scale.labels(about)
    )


def bottom_axis(scale: Scale, y: float, about: int = 5) -> Drawn:
    """An axis with tick labels below `y`."""
    ticks = (
        joined((line(x, y, x, y + 4, "tick"), text(x, y + 16, words, anchor="middle")))
        for x, words in scale.labels(about)
    )
    return joined((line(scale.start, y, scale.end, y, "axis"), *ticks))
