"""The figures of an evaluation: which plot says what, with the numbers beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from batch_curves import Bin, Curve, Positions, RankCurves, ResidualCurves
from markup import Node, node
from svg_plot import Axis, Plot

CELL_LEFT, CELL_TOP, CELL_GAP = 118.0, 58.0, 6.0
CELL_WIDTH, CELL_HEIGHT = 160.0, 128.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One plot of the page."""

    key: str
    title: str
    picture: Node
    caption: str
    head: tuple[str, ...] = ()
    """Of its table of numbers; none: no table."""
    rows: tuple[tuple[str, ...], ...] = ()


def roc(curves: RankCurves, auc: float) -> Figure:
    """Draw the ROC curve over the diagonal of a coin."""
    plot = Plot(
        "roc",
        "ROC curve",
        f"True positive rate over false positive rate; the area under the curve is {auc:.3f}, that of chance 0.5.",
        Axis.shares("False positive rate"),
        Axis.shares("True positive rate"),
    )
    plot.line([(0, 0), (1, 1)], "reference", "Chance (AUC 0.500)")
    plot.line(_points(curves.roc), "model", f"Model (AUC {auc:.3f})")
    caption = "How many of the positive rows are found, for each share of the negative ones that are mistaken for them."
    return Figure("roc", "ROC curve", plot.svg(), caption)


def precision_recall(curves: RankCurves) -> Figure:
    """Draw precision over recall, above the share of positive rows."""
    base = curves.base_rate
    plot = Plot(
        "precision-recall",
        "Precision-recall curve",
        f"Precision over recall; picking rows blindly has the base rate {base:.3f} as precision.",
        Axis.shares("Recall"),
        Axis.shares("Precision"),
    )
    plot.line([(0, base), (1, base)], "reference", f"Base rate ({base:.1%})")
    plot.line(_points(curves.precision_recall), "model", "Model")
    caption = "How many of the rows above a threshold are positive, for each share of the positive ones that it finds."
    return Figure("precision-recall", "Precision and recall", plot.svg(), caption)


def calibration(bins: Sequence[Bin]) -> Figure:
    """Draw observed over predicted shares, with their intervals."""
    plot = Plot(
        "calibration",
        "Calibration",
        f"Observed share of positive rows over the mean predicted probability, in {len(bins)} bins; on the diagonal, "
        "a probability is what it says.",
        Axis.shares("Mean predicted probability"),
        Axis.shares("Observed share of positives"),
    )
    plot.line([(0, 0), (1, 1)], "reference", "Perfect")
    plot.spans([(bin_.predicted, bin_.low, bin_.high) for bin_ in bins], "model")
    tips = [f"{item.rows:,} rows: predicted {item.predicted:.1%}, observed {item.observed:.1%}" for item in bins]
    points = [(item.predicted, item.observed) for item in bins]
    plot.dots(points, "model", tips=tips, legend="Observed, with its 95% interval")
    rows = tuple(
        (f"{item.rows:,}", f"{item.predicted:.1%}", f"{item.observed:.1%}", f"{item.low:.1%} to {item.high:.1%}")
        for item in bins
    )
    counts = [item.rows for item in bins]
    size = f"{min(counts):,}" if min(counts) == max(counts) else f"{min(counts):,} to {max(counts):,}"
    bins_text = "one bin" if len(bins) == 1 else f"{len(bins)} bins"
    caption = f"Whether probabilities mean what they say: {bins_text} of {size} rows, by predicted probability."
    head = ("rows", "predicted", "observed", "95% interval")
    return Figure("calibration", "Calibration", plot.svg(), caption, head, rows)


def confusion_matrix(counts: Positions, classes: tuple[str, str]) -> Figure:
    """Draw the four counts; a cell is the darker, the more of its actual class are in it."""
    total = int(counts.sum())
    cells: list[Node] = []
    for actual in (0, 1):
        of_class = int(counts[actual].sum())
        for said in (0, 1):
            count = int(counts[actual, said])
            share = count / of_class if of_class else 0.0
            of_this = f"{share:.1%} of this class" if of_class else "no row of this class"
            cells += _cell(actual, said, share, [f"{count:,}", f"{count / total:.1%} of all rows", of_this])
    names = [(_short(name, 13), sign) for name, sign in zip(classes, ("negative", "positive"), strict=True)]
    picture = node(
        "svg",
        node("title", "Confusion matrix", id="confusion-title"),
        node("desc", _said_of(counts, classes), id="confusion-description"),
        *cells,
        *_cell_names(names),
        viewBox="0 0 460 340",
        role="img",
        aria_labelledby="confusion-title confusion-description",
    )
    caption = (
        "A row is predicted to be positive from a probability of 0.5 on. The shares of a class add up along its row."
    )
    return Figure("confusion", "Confusion matrix", picture, caption)


def _cell(actual: int, said: int, share: float, lines: Sequence[str]) -> list[Node]:
    left, top = _cell_corner(actual, said)
    box = {"x": f"{left:g}", "y": f"{top:g}", "width": f"{CELL_WIDTH:g}", "height": f"{CELL_HEIGHT:g}", "rx": "4"}
    kind = "right" if actual == said else "wrong"
    middle = f"{left + CELL_WIDTH / 2:g}"
    texts = [
        node("text", line, x=middle, y=f"{top + down:g}", class_=f"{size} middle")
        for line, down, size in zip(lines, (58, 82, 100), ("count", "share", "share"), strict=True)
    ]
    fill = node("rect", class_=f"cell {kind}", fill_opacity=f"{share:.3f}", **box)
    return [fill, node("rect", class_="frame", **box), *texts]


def _cell_corner(actual: int, said: int) -> tuple[float, float]:
    return CELL_LEFT + said * (CELL_WIDTH + CELL_GAP), CELL_TOP + actual * (CELL_HEIGHT + CELL_GAP)


def _cell_names(names: Sequence[tuple[str, str]]) -> list[Node]:
    drawn = [
        node("text", "Predicted", x=f"{CELL_LEFT + CELL_WIDTH + CELL_GAP / 2:g}", y="20", class_="label middle"),
        node("text", "Actual", class_="label middle", transform="translate(14 189) rotate(-90)"),
    ]
    for number, (name, sign) in enumerate(names):
        left, top = _cell_corner(number, number)
        drawn.append(node("text", f"{name} ({sign})", x=f"{left + CELL_WIDTH / 2:g}", y="46", class_="tick middle"))
        for text, down in ((name, -3), (f"({sign})", 13)):
            drawn.append(node("text", text, x=CELL_LEFT - 10, y=top + CELL_HEIGHT / 2 + down, class_="tick end"))
    return drawn


def _said_of(counts: Positions, names: tuple[str, str]) -> str:
    parts = [
        f"of the rows that are {names[actual]!r}, {int(counts[actual, 0]):,} are predicted to be {names[0]!r} and "
        f"{int(counts[actual, 1]):,} to be {names[1]!r}"
        for actual in (0, 1)
    ]
    return f"Counts at a threshold of 0.5: {'; '.join(parts)}."


def gains(curves: RankCurves) -> Figure:
    """Draw the share of positives found over the share of rows looked at."""
    shares = np.linspace(0, 1, len(curves.gains))
    plot = Plot(
        "gains",
        "Cumulative gains",
        f"Share of all positives found over the share of rows looked at, the highest probability first; the first "
        f"tenth of the rows has {curves.gains[1]:.0%} of the positives.",
        Axis.shares("Share of rows, the highest probability first"),
        Axis.shares("Share of all positives found"),
    )
    points = list(zip(shares.tolist(), curves.gains.tolist(), strict=True))
    plot.line([(0, 0), (1, 1)], "reference", "At random")
    plot.line(points, "model")
    tips = [f"the best {share:.0%} of the rows have {found:.1%} of the positives" for share, found in points]
    plot.dots(points, "model", tips=tips, legend="Model, by tenths")
    caption = "How many of the positive rows are reached by acting on the best-ranked rows only."
    rows = tuple(
        (f"{share:.0%}", f"{found:.1%}", f"{lift:.2f}")
        for (share, found), lift in zip(points[1:], curves.lifts, strict=True)
    )
    return Figure(
        "gains", "Cumulative gains", plot.svg(), caption, ("best rows", "positives found", "lift of the tenth"), rows
    )


def lift(curves: RankCurves) -> Figure:
    """Draw each tenth's share of positives as a multiple of the base rate."""
    lifts = curves.lifts.tolist()
    count = len(lifts)
    number = Axis(
        "Tenth of the rows, the highest probability first",
        0.5,
        count + 0.5,
        tuple(range(1, count + 1)),
        "{:.0f}".format,
    )
    plot = Plot(
        "lift",
        "Lift by tenth",
        f"Share of positives in each tenth of the rows, as a multiple of the base rate {curves.base_rate:.3f}; "
        f"{lifts[0]:.2f} in the first.",
        number,
        Axis.of("Lift", 0.0, max(*lifts, 1.0) * 1.08),
    )
    bars = [(tenth + 0.6, tenth + 1.4, value) for tenth, value in enumerate(lifts)]
    tips = [f"tenth {tenth}: {value:.2f} times the base rate" for tenth, value in enumerate(lifts, start=1)]
    plot.bars(bars, "model", tips, [f"{value:.2f}" for value in lifts], "Model")
    plot.line([(0.5, 1), (count + 0.5, 1)], "reference", f"Base rate ({curves.base_rate:.1%})")
    caption = "How much more often positive each tenth of the rows is than all rows together."
    return Figure("lift", "Lift", plot.svg(), caption)


def predicted_against_actual(curves: ResidualCurves, target: str, rows: int) -> Figure:
    """Draw sampled rows over the line on which predictions are right."""
    low, high = (
        float(min(curves.actual.min(), curves.predicted.min())),
        float(max(curves.actual.max(), curves.predicted.max())),
    )
    across, up = Axis.of(f"Actual {_short(target)}", low, high), Axis.of(f"Predicted {_short(target)}", low, high)
    plot = Plot(
        "predicted",
        "Predicted against actual",
        "Predicted over actual values; on the diagonal both are one.",
        across,
        up,
    )
    plot.line([(across.low, up.low), (across.high, up.high)], "reference", "Predicted = actual")
    points = list(zip(curves.actual.tolist(), curves.predicted.tolist(), strict=True))
    plot.dots(points, "faint", radius=3, legend="One row")
    shown = (
        f"{len(points):,} of {rows:,} rows, picked evenly by actual value"
        if len(points) < rows
        else f"All {rows:,} rows"
    )
    return Figure(
        "predicted",
        "Predicted against actual",
        plot.svg(),
        f"{shown}; what lies above the line was predicted too high.",
    )


def residual_histogram(curves: ResidualCurves) -> Figure:
    """Draw how many rows are wrong by how much."""
    edges, counts = curves.edges.tolist(), curves.counts.tolist()
    plot = Plot(
        "residuals",
        "Residuals",
        "How many rows have which residual, the actual value less the predicted one.",
        Axis.of("Residual (actual less predicted)", edges[0], edges[-1]),
        Axis.of("Rows", 0.0, float(max(counts))),
    )
    bars = list(zip(edges[:-1], edges[1:], counts, strict=True))
    plot.bars(
        bars, "model", [f"{count:,} rows from {low:,.4g} to {high:,.4g}" for low, high, count in bars], legend="Rows"
    )
    if plot.x.low <= 0 <= plot.x.high:
        plot.line([(0, 0), (0, plot.y.high)], "reference", "No error")
    return Figure(
        "residuals", "Residuals", plot.svg(), "All rows; right of zero are the rows that were predicted too low."
    )


def residuals_against_predictions(curves: ResidualCurves, target: str, rows: int) -> Figure:
    """Draw whether the errors depend on what is predicted."""
    errors = curves.actual - curves.predicted
    drawn = [*errors.tolist(), *curves.medians.ys.tolist(), 0.0]
    every = [*curves.predicted.tolist(), *curves.medians.xs.tolist()]
    plot = Plot(
        "residuals-predicted",
        "Residuals against predictions",
        "Residuals over predicted values, with the median of each tenth of the predictions.",
        Axis.of(f"Predicted {_short(target)}", min(every), max(every)),
        Axis.of("Residual (actual less predicted)", min(drawn), max(drawn)),
    )
    plot.dots(list(zip(curves.predicted.tolist(), errors.tolist(), strict=True)), "faint", radius=3, legend="One row")
    plot.line([(plot.x.low, 0), (plot.x.high, 0)], "reference", "No error")
    plot.line(_points(curves.medians), "second")
    plot.dots(_points(curves.medians), "second", legend="Median of a tenth")
    caption = (
        f"The same {len(errors):,} rows; medians are of all {rows:,}. A median off zero says where the model is biased."
    )
    return Figure("residuals-predicted", "Residuals against predictions", plot.svg(), caption)


def _points(curve: Curve) -> list[tuple[float, float]]:
    return list(zip(curve.xs.tolist(), curve.ys.tolist(), strict=True))


def _short(name: str, limit: int = 24) -> str:
    return name if len(name) <= limit else f"{name[: limit - 1]}…"
