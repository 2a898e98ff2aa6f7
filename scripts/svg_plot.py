"""A plot as inline SVG: two axes with ticks, marks with a legend, a title and a description for screen readers."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markup import Child, Node, node

WIDTH, HEIGHT = 460.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 22.0, 34.0, 50.0
TINY = 1e-100
LETTER = 6.6
"""Width of a letter of the legend, about."""

Form = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight axis."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    form: Form

    @classmethod
    def shares(cls, label: str) -> "Axis":
        """Return an axis from 0 to 1, in percent."""
        return cls(label, 0.0, 1.0, tuple(step / 5 for step in range(6)), lambda value: f"{value:.0%}")

    @classmethod
    def of(cls, label: str, low: float, high: float, wanted: int = 6) -> "Axis":
        """Return an axis that holds two values, with about so many ticks at round numbers."""
        largest = max(abs(low), abs(high))
        if high - low <= max(largest, TINY) * 1e-9:  # too near to each other for ticks that differ
            low, high = low - max(0.5, largest * 1e-3), high + max(0.5, largest * 1e-3)
        raw = (high - low) / max(wanted - 1, 1)
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * min((1, 2, 2.5, 5, 10), key=lambda factor: abs(math.log(factor * power / raw)))
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ticks = tuple(number * step for number in range(first, last + 1))
        return cls(label, ticks[0], ticks[-1], ticks, _form(step, max(abs(low), abs(high))))


def _form(step: float, largest: float) -> Form:
    if largest >= 1e7 or step < 1e-4:
        return lambda value: f"{value:.4g}"
    decimals = next((count for count in range(5) if abs(step * 10**count - round(step * 10**count)) < 1e-6), 5)
    return lambda value: f"{value + 0.0:,.{decimals}f}"  # -0.0 becomes 0.0


@dataclass(slots=True)
class Plot:
    """Takes marks in the axes' own units and draws them in their order.

    The kind of a mark is a class of the page's style sheet: model, reference or second.
    """

    key: str
    """Of the page's plots each has its own: ids begin with it."""
    title: str
    description: str
    x: Axis
    y: Axis
    _marks: list[Node] = field(default_factory=list)
    _legend: list[tuple[str, str, str]] = field(default_factory=list)
    """Shape, kind and text."""

    def line(self, points: Iterable[tuple[float, float]], kind: str, legend: str = "") -> None:
        """Draw a line through points."""
        path = " L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in points)
        self._marks.append(node("path", d=f"M{path}", class_=f"line {kind}"))
        self._explain("line", kind, legend)

    def dots(
        self,
        points: Sequence[tuple[float, float]],
        kind: str,
        radius: float = 3.5,
        tips: Sequence[str] = (),
        legend: str = "",
    ) -> None:
        """Draw points, each with what it tells when it is pointed at."""
        for number, (x, y) in enumerate(points):
            children = [node("title", tips[number])] if tips else []
            place = {"cx": f"{self._x(x):.1f}", "cy": f"{self._y(y):.1f}", "r": f"{radius:g}"}
            self._marks.append(node("circle", *children, class_=f"dot {kind}", **place))
        self._explain("dot", kind, legend)

    def spans(self, spans: Iterable[tuple[float, float, float]], kind: str) -> None:
        """Draw error bars: x, from y, to y."""
        for x, low, high in spans:
            across, top, bottom = self._x(x), self._y(high), self._y(low)
            ends = (f"M{across - 4:.1f} {end:.1f} h8" for end in (top, bottom))
            path = f"M{across:.1f} {top:.1f} V{bottom:.1f} {' '.join(ends)}"
            self._marks.append(node("path", d=path, class_=f"span {kind}"))

    def bars(
        self,
        bars: Sequence[tuple[float, float, float]],
        kind: str,
        tips: Sequence[str],
        labels: Sequence[str] = (),
        legend: str = "",
    ) -> None:
        """Draw bars from zero: from x, to x, height; each with what it tells when it is pointed at."""
        for number, (left, right, height) in enumerate(bars):
            start, end, top, zero = self._x(left), self._x(right), self._y(height), self._y(0.0)
            place = {"x": f"{start + 0.75:.1f}", "y": f"{min(top, zero):.1f}"}
            size = {"width": f"{max(end - start - 1.5, 0.5):.1f}", "height": f"{abs(zero - top):.1f}"}
            self._marks.append(node("rect", node("title", tips[number]), class_=f"bar {kind}", **place, **size))
            if labels:
                self._marks.append(_text(labels[number], (start + end) / 2, top - 5, "value"))
        self._explain("bar", kind, legend)

    def svg(self) -> Node:
        """Return the picture."""
        named = {"aria_labelledby": f"{self.key}-title {self.key}-description"}
        return node(
            "svg",
            node("title", self.title, id=f"{self.key}-title"),
            node("desc", self.description, id=f"{self.key}-description"),
            node("g", *self._grid(), class_="axes", aria_hidden="true"),
            node("g", *self._marks),
            node("g", *self._legend_row(), class_="legend", aria_hidden="true"),
            viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
            role="img",
            **named,
        )

    def _x(self, value: float) -> float:
        return LEFT + (value - self.x.low) / (self.x.high - self.x.low) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y.low) / (self.y.high - self.y.low) * (HEIGHT - TOP - BOTTOM)

    def _explain(self, shape: str, kind: str, legend: str) -> None:
        if legend:
            self._legend.append((shape, kind, legend))

    def _grid(self) -> list[Child]:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        drawn: list[Child] = []
        for value in self.x.ticks:
            across = self._x(value)
            drawn.append(node("path", d=f"M{across:.1f} {TOP:g} V{bottom:g}", class_="grid"))
            drawn.append(_text(self.x.form(value), across, bottom + 17, "tick middle"))
        for value in self.y.ticks:
            up = self._y(value)
            drawn.append(node("path", d=f"M{LEFT:g} {up:.1f} H{right:g}", class_="grid"))
            drawn.append(_text(self.y.form(value), LEFT - 8, up + 4, "tick end"))
        drawn.append(node("path", d=f"M{LEFT:g} {TOP:g} V{bottom:g} H{right:g}", class_="axis"))
        drawn.append(_text(self.x.label, (LEFT + right) / 2, HEIGHT - 8, "label middle"))
        turned = _text(self.y.label, 0, 0, "label middle")
        turned.set("transform", f"translate(14 {(TOP + bottom) / 2:g}) rotate(-90)")
        return [*drawn, turned]

    def _legend_row(self) -> list[Child]:
        drawn: list[Child] = []
        across, middle = LEFT, 14.0
        for shape, kind, text in self._legend:
            drawn.append(_swatch(shape, kind, across, middle))
            drawn.append(_text(text, across + 26, middle + 4, "tick"))
            across += 26 + LETTER * len(text) + 16
        return drawn


def _swatch(shape: str, kind: str, across: float, middle: float) -> Node:
    if shape == "line":
        return node("path", d=f"M{across:.1f} {middle:g} h20", class_=f"line {kind}")
    if shape == "dot":
        return node("circle", cx=f"{across + 10:.1f}", cy=f"{middle:g}", r="4", class_=f"dot {kind}")
    return node("rect", x=f"{across + 4:.1f}", y=f"{middle - 6:g}", width="12", height="12", class_=f"bar {kind}")


def _text(text: str, across: float, down: float, kind: str) -> Node:
    return node("text", text, x=f"{across:.1f}", y=f"{down:.1f}", class_=kind)
