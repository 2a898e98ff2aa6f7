"""What the evaluation's page draws, few points each: curves over all rows, bins with their counts, sampled rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from sklearn import metrics as scores

CURVE_POINTS = 300
SAMPLED_ROWS = 400
BINS, ROWS_OF_BIN = 10, 10
HISTOGRAM_BINS = 30
INTERVAL = 0.95
"""Of the error bars."""

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in their order."""

    xs: Floats
    ys: Floats


@dataclass(frozen=True, slots=True)
class RankCurves:
    """How well the probabilities order the rows; the order of rows of one probability is of no matter."""

    roc: Curve
    """False positive rate, true positive rate."""
    precision_recall: Curve
    """Recall, precision."""
    gains: Floats
    """The share of all positives among the best 0 %, 10 %, ... 100 % of the rows."""
    base_rate: float
    """The share of positive labels."""

    @property
    def lifts(self) -> Floats:
        """Of each tenth of the rows, the best first: how many times the base rate its share of positives is."""
        lifts: Floats = np.diff(self.gains).astype(np.float64) * BINS
        return lifts


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows of neighbouring probabilities."""

    predicted: float
    """Their mean probability."""
    observed: float
    """Their share of positive labels."""
    low: float
    """The observed share's interval."""
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class ResidualCurves:
    """Where a regression is wrong; a residual is the actual value less the predicted one."""

    actual: Floats
    """Of sampled rows."""
    predicted: Floats
    """Of the same."""
    counts: Positions
    """Of all residuals, by bin."""
    edges: Floats
    """Of the bins, one more than there are bins."""
    medians: Curve
    """Of the residuals, by tenths of the predictions."""


def rank(labels: Floats, probabilities: Floats) -> RankCurves:
    """Trace the curves of labels of both classes."""
    false_rates, true_rates, _ = scores.roc_curve(labels, probabilities)
    precisions, recalls, _ = scores.precision_recall_curve(labels, probabilities, drop_intermediate=True)
    base_rate = float(labels.mean())
    # Between two points lie rows of one probability (or of a straight line): a part of them has its part of each class.
    ranked = base_rate * true_rates + (1 - base_rate) * false_rates
    return RankCurves(
        roc=thin(false_rates, true_rates),
        # The last point, recall 0 with precision 1, is no threshold's: it only closes the curve.
        precision_recall=thin(recalls[:-1][::-1], precisions[:-1][::-1]),
        gains=np.interp(np.linspace(0, 1, BINS + 1), ranked, true_rates),
        base_rate=base_rate,
    )


def thin(xs: Floats, ys: Floats, points: int = CURVE_POINTS) -> Curve:
    """Keep about so many points of a curve, evenly along its way, both ends included."""
    if len(xs) <= points:
        return Curve(xs, ys)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])
    picked = np.unique(np.searchsorted(way, np.linspace(0, way[-1], points - 1)).clip(0, len(xs) - 1))
    kept = np.union1d(picked, [0, len(xs) - 1])
    return Curve(xs[kept], ys[kept])


def calibration(labels: Floats, probabilities: Floats) -> list[Bin]:
    """Compare predicted with observed shares in ten bins of about as many rows each; equal probabilities share one.

    Below a hundred rows there are fewer bins, so that each has ten: a share of two rows says nothing.
    """
    bins = max(1, min(BINS, len(labels) // ROWS_OF_BIN))
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)))
    place = np.searchsorted(edges[1:-1], probabilities, side="right") if len(edges) > 2 else np.zeros(len(labels), int)
    rows = np.bincount(place)
    sums, positives = (np.bincount(place, weights=values) for values in (probabilities, labels))
    return [
        Bin(float(total / count), float(hits / count), *_interval(float(hits / count), int(count)), int(count))
        for count, total, hits in zip(rows, sums, positives, strict=True)
        if count
    ]


def _interval(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, which stays between 0 and 1 also for few rows."""
    z = float(norm.ppf((1 + INTERVAL) / 2))
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return max(centre - half, 0.0), min(centre + half, 1.0)


def confusion(labels: Floats, predictions: Floats) -> Positions:
    """Count rows by actual class, then by predicted class."""
    counts: Positions = scores.confusion_matrix(labels, predictions, labels=[0, 1])
    return counts


def residuals(labels: Floats, predictions: Floats) -> ResidualCurves:
    """Summarise the errors of a regression."""
    errors = labels - predictions
    counts, edges = np.histogram(errors, bins=HISTOGRAM_BINS)
    sampled = _sample(labels, predictions)
    return ResidualCurves(labels[sampled], predictions[sampled], counts, edges, _medians(predictions, errors))


def _sample(labels: Floats, predictions: Floats) -> Positions:
    """Pick rows evenly by the rank of their actual value: the same ones whatever the rows' order."""
    order: Positions = np.lexsort((predictions, labels))
    if len(order) <= SAMPLED_ROWS:
        return order
    picked: Positions = order[np.linspace(0, len(order) - 1, SAMPLED_ROWS).round().astype(np.int64)]
    return picked


def _medians(predictions: Floats, errors: Floats) -> Curve:
    parts: Sequence[Positions] = [
        part for part in np.array_split(np.argsort(predictions, kind="stable"), BINS) if len(part)
    ]
    return Curve(
        np.array([np.median(predictions[part]) for part in parts]),
        np.array([np.median(errors[part]) for part in parts]),
    )
