from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from batch_curves import BINS, CURVE_POINTS, SAMPLED_ROWS, calibration, confusion, rank, residuals, thin
from hypothesis import given, settings, strategies as st

from tests.fakes.evaluating import LABELS, PROBABILITIES

Floats = npt.NDArray[np.float64]
BOTH_CLASSES = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1, width=16)), min_size=2, max_size=80).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def columns(rows: list[tuple[int, float]]) -> tuple[Floats, Floats]:
    labels, probabilities = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    return labels, probabilities


def test_roc_has_a_point_for_each_threshold() -> None:
    """From the best row on: .9 finds one of two, .6 mistakes one of three, .4 finds the other, then two mistakes."""
    curve = rank(np.array(LABELS, dtype=float), np.array(PROBABILITIES)).roc

    corners = [(0, 0), (0, 0.5), (1 / 3, 0.5), (1 / 3, 1), (1, 1)]
    assert list(zip(curve.xs, curve.ys, strict=True)) == [pytest.approx(corner) for corner in corners]


def test_precision_recall_begins_at_the_best_row_and_ends_with_all_of_them() -> None:
    curve = rank(np.array(LABELS, dtype=float), np.array(PROBABILITIES)).precision_recall

    assert (curve.xs[0], curve.ys[0]) == (0.5, 1.0)
    assert (curve.xs[-1], curve.ys[-1]) == pytest.approx((1.0, 2 / 5))


def test_gains_and_lift_count_the_positives_of_each_tenth() -> None:
    """Ten rows, positive are the best, the second and the fifth."""
    labels = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0], dtype=float)

    found = rank(labels, np.linspace(0.9, 0.0, 10))

    assert found.gains == pytest.approx(np.array([0, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]) / 3)
    assert found.lifts == pytest.approx(np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0]) * 10 / 3)
    assert found.base_rate == pytest.approx(0.3)


def test_equal_probabilities_have_a_lift_of_one_in_whatever_order_they_come() -> None:
    found = rank(np.array([1.0, 1.0, 0.0, 0.0]), np.full(4, 0.3))

    assert found.lifts == pytest.approx(np.ones(BINS))


@settings(deadline=None)
@given(BOTH_CLASSES, st.randoms(use_true_random=False))
def test_curves_do_not_depend_on_the_order_of_the_rows(rows: list[tuple[int, float]], chance: Any) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)

    before, after = rank(*columns(rows)), rank(*columns(shuffled))

    assert after.gains == pytest.approx(before.gains)
    assert after.roc.ys == pytest.approx(before.roc.ys)
    assert after.precision_recall.ys == pytest.approx(before.precision_recall.ys)
    assert calibration(*columns(shuffled)) == calibration(*columns(rows))


@settings(deadline=None)
@given(BOTH_CLASSES)
def test_gains_grow_to_all_positives_and_lifts_are_one_on_the_average(rows: list[tuple[int, float]]) -> None:
    found = rank(*columns(rows))

    assert (found.gains[0], found.gains[-1]) == pytest.approx((0.0, 1.0))
    assert (np.diff(found.gains) >= -1e-12).all()
    assert found.lifts.mean() == pytest.approx(1.0)


@settings(deadline=None)
@given(BOTH_CLASSES)
def test_bins_hold_every_row_once(rows: list[tuple[int, float]]) -> None:
    labels, probabilities = columns(rows)

    bins = calibration(labels, probabilities)

    assert sum(item.rows for item in bins) == len(rows)
    assert sum(item.rows * item.observed for item in bins) == pytest.approx(labels.sum())
    assert sum(item.rows * item.predicted for item in bins) == pytest.approx(probabilities.sum())
    assert all(0 <= item.low <= item.observed + 1e-12 and item.observed - 1e-12 <= item.high <= 1 for item in bins)
    assert len(bins) <= max(1, min(BINS, len(rows) // 10))


def test_calibration_bins_have_wilson_intervals() -> None:
    """Of five of ten the interval is 0.2366 to 0.7634, of none of ten 0 to 0.2775 (Wilson's, 95 %)."""
    labels = np.array([0.0] * 10 + [1.0, 0.0] * 5)
    probabilities = np.array([0.1] * 10 + [0.9] * 10)

    low, high = calibration(labels, probabilities)

    assert (low.predicted, low.observed, low.rows) == pytest.approx((0.1, 0.0, 10))
    assert (low.low, low.high) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert (high.predicted, high.observed, high.rows) == pytest.approx((0.9, 0.5, 10))
    assert (high.low, high.high) == pytest.approx((0.2366, 0.7634), abs=5e-5)


def test_many_rows_are_cut_into_ten_bins_of_as_many_each() -> None:
    generator = np.random.default_rng(0)

    bins = calibration((generator.random(1000) < 0.5).astype(float), generator.random(1000))

    assert [item.rows for item in bins] == [100] * 10
    assert [item.predicted for item in bins] == sorted(item.predicted for item in bins)


def test_curve_of_many_rows_is_thinned_along_its_way_with_both_ends() -> None:
    xs = np.linspace(0, 1, 100_001)
    ys = np.minimum(xs * 1000, 1.0)  # all of the rise is in the first hundred points

    curve = thin(xs, ys)

    assert len(curve.xs) <= CURVE_POINTS
    assert (curve.xs[0], curve.ys[0], curve.xs[-1], curve.ys[-1]) == (0, 0, 1, 1)
    assert np.hypot(np.diff(curve.xs), np.diff(curve.ys)).max() < 3 * 2 / CURVE_POINTS


def test_curve_of_few_rows_stays_as_it_is() -> None:
    assert thin(np.array([0.0, 0.2, 1.0]), np.zeros(3)).xs.tolist() == [0.0, 0.2, 1.0]


def test_confusion_matrix_counts_by_actual_then_by_predicted_class() -> None:
    counts = confusion(np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]))

    assert counts.tolist() == [[2, 1], [0, 1]]


def test_confusion_matrix_of_one_class_has_four_counts() -> None:
    assert confusion(np.zeros(3), np.zeros(3)).tolist() == [[3, 0], [0, 0]]


def test_residuals_are_actual_less_predicted() -> None:
    found = residuals(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0]))

    assert int(found.counts.sum()) == 3
    assert (found.edges[0], found.edges[-1]) == (-1.0, 1.0)
    assert (found.medians.xs.tolist(), found.medians.ys.tolist()) == ([1.0, 1.0, 4.0], [0.0, 1.0, -1.0])


def test_sampled_rows_are_the_same_in_any_order_and_hold_both_ends() -> None:
    generator = np.random.default_rng(0)
    labels, predictions = generator.random(5000), generator.random(5000)
    shuffled = generator.permutation(5000)

    found, again = residuals(labels, predictions), residuals(labels[shuffled], predictions[shuffled])

    assert len(found.actual) == SAMPLED_ROWS
    assert (found.actual.min(), found.actual.max()) == (labels.min(), labels.max())
    assert again.actual.tolist() == found.actual.tolist()
    assert again.predicted.tolist() == found.predicted.tolist()
