"""Small SVG pictures: a frame with axes, and what stands in it.

Colours are classes of the page's style, so that one picture reads on light and on dark. Every
picture has a title and a description; its figures also stand in a table below it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .text import escape

__all__ = [
    "Axes",
    "circle",
    "draw_axes",
    "label",
    "line",
    "path",
    "picture",
    "rect",
    "rounded",
    "ticks",
]

#: As wide as a phone leaves; on a screen pictures stand side by side.
WIDTH = 340


def picture(title: str, description: str, height: float, content: str) -> str:
    """Wrap shapes as one picture with a title and a description for who cannot see it."""
    key = hashlib.sha256(f"{title}{description}{content}".encode()).hexdigest()[:10]
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {_round(height)}" aria-labelledby="t{key} d{key}" '
        f'xmlns="http://www.w3.org/2000/svg" font-size="11" fill="currentColor">'
        f'<title id="t{key}">{escape(title)}</title><desc id="d{key}">{escape(description)}</desc>'
        f"{content}</svg>"
    )


@dataclass(frozen=True)
class Axes:
    """A frame in which values have places.

    Attributes
    ----------
    x, y : (float, float)
        Values at the two ends of each axis.
    left, right, top, bottom : float
        Places of the frame in the picture.

    """

    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 44
    right: float = WIDTH - 10
    top: float = 10
    bottom: float = 200

    def at_x(self, value: float) -> float:
        """Place of a value from left to right."""
        return _between(value, self.x, self.left, self.right)

    def at_y(self, value: float) -> float:
        """Place of a value from bottom to top."""
        return _between(value, self.y, self.bottom, self.top)


def _between(value: float, ends: tuple[float, float], first: float, last: float) -> float:
    span = ends[1] - ends[0]
    return first + (last - first) * ((value - ends[0]) / span if span else 0.5)


def draw_axes(
    axes: Axes,
    names: tuple[str, str],
    *,
    write: Callable[[float], str] | None = None,
    x_ticks: Sequence[tuple[float, str]] | None = None,
) -> str:
    """Draw grid lines with their values, and the names of both axes."""
    found = write or _brief
    horizontal = [
        line(axes.left, axes.at_y(value), axes.right, axes.at_y(value), "grid")
        + label(axes.left - 6, axes.at_y(value) + 4, found(value), "end", "quiet")
        for value in ticks(*axes.y)
    ]
    columns = x_ticks if x_ticks is not None else [(at, _brief(at)) for at in ticks(*axes.x)]
    vertical = [
        label(axes.at_x(value), axes.bottom + 15, text, "middle", "quiet")
        for value, text in columns
    ]
    middle = (axes.top + axes.bottom) / 2
    y_name = (
        f'<text class="quiet" text-anchor="middle" x="11" y="{_round(middle)}" '
        f'transform="rotate(-90 11 {_round(middle)})">{escape(names[1])}</text>'
    )
    x_name = label((axes.left + axes.right) / 2, axes.bottom + 31, names[0], "middle", "quiet")
    return "".join([*horizontal, *vertical, x_name, y_name])


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values between two ends, at most ``most`` + 1 of them."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [low]
    rough = span / most
    power = 10 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def rounded(low: float, high: float) -> tuple[float, float]:
    """Move ends apart to round values, so that an axis begins and ends on one."""
    if not high > low:
        return low - 0.5, high + 0.5
    found = ticks(low, high)
    step = found[1] - found[0] if len(found) > 1 else high - low
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Straight line of a class."""
    return (
        f'<line class="{kind}" x1="{_round(x1)}" y1="{_round(y1)}" '
        f'x2="{_round(x2)}" y2="{_round(y2)}"/>'
    )


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Line through points."""
    steps = " ".join(f"{_round(x)},{_round(y)}" for x, y in points)
    return f'<polyline class="{kind}" fill="none" points="{steps}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Bar of a class."""
    return (
        f'<rect class="{kind}" x="{_round(x)}" y="{_round(y)}" '
        f'width="{_round(max(width, 0))}" height="{_round(max(height, 0))}" rx="2"/>'
    )


def circle(x: float, y: float, radius: float, kind: str) -> str:
    """Point of a class."""
    return f'<circle class="{kind}" cx="{_round(x)}" cy="{_round(y)}" r="{_round(radius)}"/>'


def label(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    """Text at a place."""
    style = f' class="{kind}"' if kind else ""
    return (
        f'<text{style} x="{_round(x)}" y="{_round(y)}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _brief(value: float) -> str:
    text = f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")
