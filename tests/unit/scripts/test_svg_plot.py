import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st
from markup import node
from svg_plot import HEIGHT, LEFT, WIDTH, Axis, Plot

from tests.fakes.web_page import WebPage

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def plot() -> Plot:
    return Plot("key", "Title", "Description", Axis.shares("Across"), Axis.of("Up", 0.0, 200.0))


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.0, 2.58, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]),
        (-6.2, 7.1, ["-7.5", "-5.0", "-2.5", "0.0", "2.5", "5.0", "7.5"]),
        (0.0, 4321.0, ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]),
        (5.0, 5.0, ["4.4", "4.6", "4.8", "5.0", "5.2", "5.4", "5.6"]),
        (0.0, 5e-324, ["-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6"]),
        (0.0, 3e-6, ["0", "5e-07", "1e-06", "1.5e-06", "2e-06", "2.5e-06", "3e-06"]),
        (0.0, 3e9, ["0", "5e+08", "1e+09", "1.5e+09", "2e+09", "2.5e+09", "3e+09"]),
    ],
)
def test_ticks_are_at_round_numbers_around_the_values(low: float, high: float, labels: list[str]) -> None:
    axis = Axis.of("x", low, high)

    assert [axis.form(tick) for tick in axis.ticks] == labels


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_axis_holds_its_values_with_a_readable_number_of_ticks(one: float, other: float) -> None:
    low, high = sorted((one, other))

    axis = Axis.of("x", low, high)

    slack = (axis.high - axis.low) * 1e-6
    assert axis.low <= low + slack
    assert high - slack <= axis.high
    assert 3 <= len(axis.ticks) <= 11
    assert list(axis.ticks) == sorted(set(axis.ticks))


def test_marks_are_where_their_values_are() -> None:
    drawn = plot()
    drawn.dots([(0, 0), (1, 200)], "model", tips=["low", "high"])
    drawn.bars([(0.0, 0.5, 100.0)], "model", ["half"], ["100"])
    drawn.spans([(0.5, 0.0, 200.0)], "model")

    picture = drawn.svg()

    first, last = ({name: float(dot.get(name, "")) for name in ("cx", "cy")} for dot in picture.iter("circle"))
    assert first["cx"] == LEFT
    assert last["cx"] > WIDTH * 0.9
    assert 0 < last["cy"] < first["cy"] < HEIGHT
    bar = next(picture.iter("rect"))
    assert float(bar.get("height", "")) == pytest.approx((first["cy"] - last["cy"]) / 2, abs=0.1)
    assert float(bar.get("y", "")) + float(bar.get("height", "")) == pytest.approx(first["cy"], abs=0.2)
    assert [tip.text for tip in picture.iter("title")] == ["Title", "low", "high", "half"]


def test_picture_says_what_it_is_to_a_screen_reader() -> None:
    picture = plot().svg()

    ids = {element.get("id"): element.text for element in picture if element.get("id")}
    assert picture.get("role") == "img"
    assert [ids[name] for name in (picture.get("aria-labelledby") or "").split()] == ["Title", "Description"]


def test_picture_has_axes_with_labels_ticks_and_a_legend() -> None:
    drawn = plot()
    drawn.line([(0, 0), (1, 200)], "model", "The model")
    drawn.line([(0, 0), (1, 100)], "reference", "The other")

    texts = [element.text for element in drawn.svg().iter("text")]

    assert {"Across", "Up", "0%", "100%", "200", "The model", "The other"} <= set(texts)


def test_nothing_is_drawn_outside_of_the_picture() -> None:
    drawn = plot()
    drawn.line([(0, 0), (0.5, 130), (1, 200)], "model", "Model")

    picture = drawn.svg()

    for path in picture.iter("path"):
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path.get("d", ""))]
        assert all(0 <= number <= WIDTH for number in numbers), path.get("d")


def test_markup_escapes_texts_and_attributes_and_replaces_what_no_page_may_hold() -> None:
    hostile = "<script>alert('1')</script>&\"\x00\ud800"
    root = node("p", hostile, node("b", "bold"), hostile, title=hostile)

    page = WebPage(ET.tostring(root, encoding="unicode", method="html"))

    shown = hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert [element.tag for element in page.elements] == ["p", "b"]
    assert page.elements[0].attributes == {"title": shown}
    assert page.elements[0].texts == [shown, shown]
