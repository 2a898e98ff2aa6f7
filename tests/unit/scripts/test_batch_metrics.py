import numpy as np
import pytest
from batch_metrics import classification, regression
from hypothesis import given, settings, strategies as st

from tests.fakes.evaluating import LABELS, PROBABILITIES

Rows = list[tuple[int, float]]
ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 1, width=16)),  # few different values: many rows share one
    min_size=1,
    max_size=60,
)


def measured(rows: Rows) -> dict[str, float | None]:
    labels, probabilities = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    return classification(labels, (probabilities >= 0.5).astype(np.float64), probabilities).values


def test_classification_measures_what_one_counts_by_hand() -> None:
    """Two true negatives, one false positive, one false negative, one true positive; 5 of 6 pairs are in order."""
    found = measured(list(zip(LABELS, PROBABILITIES, strict=True)))

    assert found == pytest.approx(
        {"accuracy": 3 / 5, "precision": 1 / 2, "recall": 1 / 2, "f1_score": 1 / 2, "roc_auc": 5 / 6}
    )


def test_rows_of_one_probability_are_half_in_order() -> None:
    assert measured([(0, 0.3), (1, 0.3)])["roc_auc"] == 0.5


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_metrics_do_not_depend_on_the_order_of_the_rows(rows: Rows, chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

    assert measured(shuffled) == pytest.approx(measured(rows))


@settings(deadline=None)
@given(ROWS)
def test_roc_auc_depends_on_the_order_of_the_probabilities_only(rows: Rows) -> None:
    before = measured(rows)["roc_auc"]

    lower = measured([(label, value / 2) for label, value in rows])["roc_auc"]
    turned = measured([(label, 1 - value) for label, value in rows])["roc_auc"]

    assert lower == pytest.approx(before)
    assert turned == (None if before is None else pytest.approx(1 - before))


@settings(deadline=None)
@given(ROWS)
def test_every_value_is_a_share(rows: Rows) -> None:
    assert all(0 <= value <= 1 for value in measured(rows).values() if value is not None)


@pytest.mark.parametrize(("label", "name"), [(0, "negative"), (1, "positive")])
def test_labels_of_one_class_have_no_roc_auc_and_every_other_value(label: int, name: str) -> None:
    labels, probabilities = np.full(4, float(label)), np.array([0.1, 0.2, 0.7, 0.9])

    found = classification(labels, (probabilities >= 0.5).astype(float), probabilities)

    assert found.values["roc_auc"] is None
    assert found.values["accuracy"] == 0.5
    assert found.reasons == {"roc_auc": f"all 4 labels are of the {name} class; ROC AUC compares rows of both"}


def test_shares_of_no_rows_count_as_zero_and_are_said() -> None:
    found = classification(np.zeros(3), np.zeros(3), np.array([0.1, 0.2, 0.3]))

    assert (found.values["precision"], found.values["recall"], found.values["f1_score"]) == (0.0, 0.0, 0.0)
    assert [note.partition(":")[0] for note in found.notes] == [
        "No row was predicted to be positive",
        "No label is positive",
    ]


def test_regression_measures_errors() -> None:
    """Errors 0, 0 and 2: squares 0, 0 and 4; the labels' own squares around their mean are 1, 0 and 1."""
    found = regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))

    assert found.values == pytest.approx({"rmse": (4 / 3) ** 0.5, "mae": 2 / 3, "r2": -1.0})


@pytest.mark.parametrize("labels", [[3.0], [3.0, 3.0]])
def test_equal_labels_have_no_r2(labels: list[float]) -> None:
    found = regression(np.array(labels), np.array([4.0] * len(labels)))

    assert found.values == {"rmse": 1.0, "mae": 1.0, "r2": None}
    assert found.reasons["r2"].startswith(f"all {len(labels)} labels are 3;")
