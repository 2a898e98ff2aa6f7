import re
from collections.abc import Iterator
from typing import Any

import evaluation_charts as charts
import numpy as np
import pytest
from batch_curves import calibration, confusion, rank, residuals
from evaluation_page import DARK, LIGHT, METRIC_NAMES, STYLE, Facts, evaluated, not_evaluated

from tests.fakes.web_page import WebPage

FACTS = Facts("churned", "arn:aws:sagemaker:us-west-2:123456789012:model-package/churn/7", "exec1", "2026-01-31")
COUNTS = {"Scored rows": "1,001", "Labelled rows": "1,000"}
HOSTILE = "</title><script src='//evil'>alert(1)</script>&amp;\"<"
READS = {"text": 4.5, "graphic": 3.0}
"""The least contrast of WCAG 2.2, level AA."""


def figures(classes: tuple[str, str] = ("0", "1"), target: str = "rings") -> Iterator[charts.Figure]:
    """One of each."""
    generator = np.random.default_rng(0)
    probabilities = generator.random(1000)
    labels = (generator.random(1000) < probabilities).astype(float)
    curves, errors = rank(labels, probabilities), residuals(probabilities, labels)
    yield charts.roc(curves, 0.8312)
    yield charts.precision_recall(curves)
    yield charts.calibration(calibration(labels, probabilities))
    yield charts.confusion_matrix(confusion(labels, (probabilities >= 0.5).astype(float)), classes)
    yield charts.gains(curves)
    yield charts.lift(curves)
    yield charts.predicted_against_actual(errors, target, 1000)
    yield charts.residual_histogram(errors)
    yield charts.residuals_against_predictions(errors, target, 1000)


def page_of(facts: Facts = FACTS, **parts: Any) -> WebPage:
    metrics = {"roc_auc": 0.83123, "accuracy": None}
    given: dict[str, Any] = {"counts": COUNTS, "metrics": metrics, "notes": [], "figures": []} | parts
    return WebPage(evaluated(facts, **given))


def test_page_shows_where_the_rows_come_from_and_each_metric() -> None:
    page = page_of()

    rows = dict(zip(page.texts("th"), page.texts("td"), strict=True))
    assert rows == {"Model version": FACTS.model_package_arn, "Execution": "exec1", "Day": "2026-01-31", **COUNTS}
    assert dict(zip(page.texts("dt"), page.texts("dd"), strict=True)) == {"ROC AUC": "0.831", "Accuracy": "no value"}
    assert page.texts("title") == page.texts("h1") == ["churned: the batch of 2026-01-31"]


@pytest.mark.parametrize(
    ("value", "shown"), [(0.5, "0.500"), (-1.25, "-1.250"), (123456.7, "1.235e+05"), (1234.5, "1,234")]
)
def test_values_are_rounded(value: float, shown: str) -> None:
    assert page_of(metrics={"rmse": value}).texts("dd") == [shown]


def test_page_of_every_figure_is_well_formed_with_every_id_once() -> None:
    drawn = list(figures())

    page = page_of(figures=drawn)

    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids)) == 2 * len(drawn)
    assert page.texts("h2") == [figure.title for figure in drawn]
    assert page.texts("figcaption") == [figure.caption for figure in drawn]


def test_every_figure_is_named_and_described_for_a_screen_reader() -> None:
    page = page_of(figures=list(figures()))

    known = {element.attributes.get("id"): element.text for element in page.elements}
    for picture in page.all("svg"):
        assert picture.attributes["role"] == "img"
        assert all(known[name] for name in picture.attributes["aria-labelledby"].split())


def test_every_plot_has_labelled_axes_and_a_legend() -> None:
    for figure in figures():
        texts = list(figure.picture.iter("text"))
        labels = [element.text for element in texts if "label" in (element.get("class") or "")]

        assert len(labels) == 2, figure.key
        legend = [group for group in figure.picture.iter("g") if group.get("class") == "legend"]
        assert figure.key == "confusion" or len(list(legend[0].iter("text"))) >= 2, figure.key


def test_roc_shows_the_diagonal_and_the_area() -> None:
    figure = next(figures())

    assert {"Chance (AUC 0.500)", "Model (AUC 0.831)"} <= {element.text for element in figure.picture.iter("text")}


def test_confusion_matrix_shows_counts_and_shares() -> None:
    counts = confusion(np.array([0.0] * 8 + [1.0] * 2), np.array([0.0] * 6 + [1.0] * 3 + [0.0]))

    texts = [element.text for element in charts.confusion_matrix(counts, ("stayed", "left")).picture.iter("text")]

    cells = [texts[start : start + 3] for start in range(0, 12, 3)]
    assert cells == [
        ["6", "60.0% of all rows", "75.0% of this class"],
        ["2", "20.0% of all rows", "25.0% of this class"],
        ["1", "10.0% of all rows", "50.0% of this class"],
        ["1", "10.0% of all rows", "50.0% of this class"],
    ]
    assert {"Predicted", "Actual", "left (positive)", "stayed (negative)"} <= set(texts)


def test_calibration_and_gains_have_their_numbers_as_a_table() -> None:
    drawn = {figure.key: figure for figure in figures()}

    assert [row[0] for row in drawn["calibration"].rows] == ["100"] * 10
    assert drawn["gains"].rows[-1][:2] == ("100%", "100.0%")
    assert len(page_of(figures=[drawn["calibration"]]).all("details")) == 1


def test_plots_of_many_rows_have_a_few_hundred_points() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.random(200_000)
    labels = (generator.random(200_000) < probabilities).astype(float)
    curves, errors = rank(labels, probabilities), residuals(labels, probabilities)

    texts = [
        evaluated(FACTS, COUNTS, {}, [], [figure])
        for figure in (
            charts.roc(curves, 0.8),
            charts.precision_recall(curves),
            charts.calibration(calibration(labels, probabilities)),
            charts.predicted_against_actual(errors, "y", 200_000),
            charts.residuals_against_predictions(errors, "y", 200_000),
        )
    ]

    assert max(map(len, texts)) < 60_000


@pytest.mark.parametrize("place", ["target", "model_package_arn", "execution_id", "day", "notes", "classes", "column"])
def test_text_from_outside_is_text_wherever_it_stands(place: str) -> None:
    given = {"target": "t", "model_package_arn": "m", "execution_id": "e", "day": "d"}
    facts = Facts(**(given | {place: HOSTILE} if place in given else given))
    drawn = list(
        figures(
            classes=(HOSTILE, "1") if place == "classes" else ("0", "1"),
            target=HOSTILE if place == "column" else "rings",
        )
    )

    page = page_of(facts, notes=[HOSTILE] if place == "notes" else [], figures=drawn)

    assert page.all("script") == []
    shown = "".join(element.text for element in page.elements)
    assert (HOSTILE if place in {*given, "notes"} else HOSTILE[:8]) in shown


def test_page_loads_nothing_and_runs_nothing() -> None:
    text = evaluated(FACTS, COUNTS, {"roc_auc": 0.8}, ["note"], list(figures()))
    page = WebPage(text)

    assert {element.tag for element in page.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "form",
        "a",
    } == set()
    attributes = {name for element in page.elements for name in element.attributes}
    assert attributes & {"src", "href", "srcset", "style", "xlink:href"} == set()
    assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", text.replace("arn:aws", ""))
    policies = [meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_page_without_labels_says_so_and_what_to_do() -> None:
    page = WebPage(not_evaluated(FACTS, COUNTS, "none of the 40 rows has a label (churned)."))

    assert page.texts("h2") == ["Not evaluated"]
    assert "None of the 40 rows has a label (churned)." in page.texts("p")
    assert page.texts("code") == ["python pipeline.py evaluate 2026-01-31 --labels FILE"]
    assert page.all("svg") == []


def test_every_metric_has_a_name() -> None:
    assert METRIC_NAMES.keys() == {"accuracy", "precision", "recall", "f1_score", "roc_auc", "rmse", "mae", "r2"}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_told_apart(theme: dict[str, str]) -> None:
    pairs = [
        *(("text", ink, ground) for ink in ("ink", "soft") for ground in ("page", "card")),
        *(("text", "ink", cell) for cell in ("right", "wrong")),
        ("text", "model", "card"),  # of a summary that opens
        *(("graphic", mark, "card") for mark in ("model", "reference", "second")),
    ]

    for use, front, back in pairs:
        assert contrast(theme[front], theme[back]) >= READS[use], f"{front} on {back}"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_single_row_can_be_seen_through_what_it_lets_through(theme: dict[str, str]) -> None:
    found = re.search(r"\.dot\.faint {[^}]*fill-opacity: ([\d.]+)", STYLE)
    assert found
    share = float(found[1])

    channels = [
        round(int(theme["model"][at : at + 2], 16) * share + int(theme["card"][at : at + 2], 16) * (1 - share))
        for at in (1, 3, 5)
    ]

    assert contrast("#" + "".join(f"{value:02x}" for value in channels), theme["card"]) >= READS["graphic"]


def test_style_uses_colours_that_both_themes_have() -> None:
    used = set(re.findall(r"var\(--(\w+)\)", STYLE))

    assert used == LIGHT.keys() == DARK.keys()


def contrast(one: str, other: str) -> float:
    """Of WCAG 2: how much brighter the one colour is than the other."""
    low, high = sorted(brightness(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def brightness(colour: str) -> float:
    red, green, blue = (linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
