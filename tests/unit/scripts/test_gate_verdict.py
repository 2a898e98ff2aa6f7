from typing import Any

import pytest
from dataset_schema import SchemaRefused
from gate_verdict import Champion, Rule, judge, read_number

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3"
AUC, RMSE = "binary_classification_metrics.auc.value", "regression_metrics.rmse.value"


def document_of(path: str, value: Any) -> dict[str, Any]:
    family, metric, leaf = path.split(".")
    return {"version": 0.0, family: {metric: {leaf: value, "standard_deviation": "NaN"}}}


def judged(
    value: float, champion: float | None = None, *, tolerance: float | None = 0.01, threshold: float = 0.75
) -> dict[str, Any]:
    rival = None if champion is None else Champion(ARN, document_of(AUC, champion))
    return judge(Rule(AUC, "at_least", threshold, tolerance), document_of(AUC, value), rival)


def judged_error(value: float, champion: float, threshold: float = 2.5) -> dict[str, Any]:
    rule = Rule(RMSE, "at_most", threshold, 0.1)
    return judge(rule, document_of(RMSE, value), Champion(ARN, document_of(RMSE, champion)))


def test_verdict_has_every_figure_and_the_champions_metrics() -> None:
    assert judged(0.712, 0.861) == {
        "metric": AUC,
        "comparison": "at_least",
        "threshold": 0.75,
        "tolerance": 0.01,
        "value": 0.712,
        "champion": {"model_package_arn": ARN, "value": 0.861, "metrics": document_of(AUC, 0.861)},
        "shortfall": 0.149,
        "passed": False,
        "reason": "auc is 0.712, the threshold asks for at least 0.750; the champion (version 3) has 0.861, and at "
        "most 0.01 less is allowed",
    }


@pytest.mark.parametrize(
    ("value", "champion", "shortfall", "passed"),
    [
        (0.9, 0.86, 0.0, True),
        (0.86, 0.86, 0.0, True),
        (0.85, 0.86, 0.01, True),  # as binary numbers they differ by more than 0.01
        (0.8499, 0.86, 0.0101, False),
        (0.75, 0.755, 0.005, True),
        (0.7499, 0.5, 0.0, False),
    ],
)
def test_both_the_threshold_and_the_champion_must_be_met(
    value: float, champion: float, shortfall: float, passed: bool
) -> None:
    found = judged(value, champion)

    assert (found["shortfall"], found["passed"]) == (shortfall, passed)


@pytest.mark.parametrize(
    ("value", "champion", "shortfall", "passed"),
    [(2.0, 2.2, 0.0, True), (2.3, 2.2, 0.1, True), (2.4, 2.2, 0.2, False), (2.6, 2.6, 0.0, False)],
)
def test_of_an_error_less_is_better(value: float, champion: float, shortfall: float, passed: bool) -> None:
    found = judged_error(value, champion)

    assert (found["shortfall"], found["passed"]) == (shortfall, passed)
    assert found["reason"] == (
        f"rmse is {value:.3f}, the threshold asks for at most 2.500; the champion (version 3) has {champion:.3f}, and "
        "at most 0.1 more is allowed"
    )


@pytest.mark.parametrize(("value", "passed"), [(0.75, True), (0.7, False)])
def test_without_a_champion_the_threshold_alone_decides(value: float, passed: bool) -> None:
    found = judged(value)

    assert (found["champion"], found["shortfall"], found["passed"]) == (None, 0.0, passed)
    assert found["reason"].endswith("the threshold asks for at least 0.750; there is no champion yet")


def test_champion_that_could_not_be_scored_is_named_and_decides_nothing() -> None:
    champion = Champion(ARN, {}, error="its target is 'x', this model's is 'churned'.")

    found = judge(Rule(AUC, "at_least", 0.75, 0.0), document_of(AUC, 0.8), champion)

    assert found["champion"] == {"model_package_arn": ARN, "error": champion.error}
    assert (found["shortfall"], found["passed"]) == (0.0, True)
    assert found["reason"] == (
        "auc is 0.800, the threshold asks for at least 0.750 and alone decides, because the champion (version 3) "
        "cannot be compared: its target is 'x', this model's is 'churned'"
    )


@pytest.mark.parametrize("value", ["NaN", float("nan"), float("inf"), None])
def test_champion_whose_metric_is_no_number_decides_nothing(value: Any) -> None:
    champion = Champion(ARN, document_of(AUC, value))

    found = judge(Rule(AUC, "at_least", 0.75, 0.0), document_of(AUC, 0.8), champion)

    assert found["champion"] == {"model_package_arn": ARN, "error": f"its evaluation has no number at '{AUC}'"}
    assert found["passed"]


def test_no_tolerance_means_no_comparison_but_the_champion_is_shown() -> None:
    found = judged(0.76, 0.9, tolerance=None)

    assert (found["passed"], found["shortfall"], found["champion"]["value"]) == (True, 0.14, 0.9)
    assert found["reason"].endswith("the champion (version 3) has 0.900 and decides nothing, as no tolerance is set")


@pytest.mark.parametrize(
    ("value", "champion", "threshold", "shown"),
    [
        (0.74996, 0.7, 0.75, ("0.74996", "0.70000", "0.75000")),
        (0.8506, 0.8613, 0.75, ("0.8506", "0.8613", "0.7500")),
        (0.85, 0.85001, 0.75, ("0.85000", "0.85001", "0.75000")),
        (1 / 3, 1 / 3, 1 / 3, (repr(1 / 3),) * 3),
        (0.00123, 0.0, 0.75, ("0.00123", "0.000", "0.750")),
        (0.8, 0.8, 0.7512345, ("0.8000000", "0.8000000", "0.7512345")),
    ],
)
def test_figures_are_rounded_but_never_to_another_outcome(
    value: float, champion: float, threshold: float, shown: tuple[str, str, str]
) -> None:
    reason = judged(value, champion, threshold=threshold)["reason"]

    assert reason.startswith(f"auc is {shown[0]}, the threshold asks for at least {shown[2]}; ")
    assert f"(version 3) has {shown[1]}, and" in reason


def test_metric_that_the_evaluation_lacks_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(SchemaRefused, match=rf"'a.b.value' is refused: .* has nothing there; .* at 'version', '{AUC}'"):
        read_number(document_of(AUC, 0.8), "a.b.value")


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("binary_classification_metrics.auc.standard_deviation", "'NaN'"),
        ("binary_classification_metrics.auc", "no number"),
        ("binary_classification_metrics.auc.value.more", "nothing"),
    ],
)
def test_metric_that_is_no_number_is_refused(path: str, there: str) -> None:
    with pytest.raises(
        SchemaRefused, match=rf"The gate's metric '{path}' is refused: evaluation.json has {there} there"
    ):
        read_number(document_of(AUC, 0.8), path)


def test_metric_of_another_path_is_shown_whole() -> None:
    rule = Rule("own.metric", "at_least", 3.0, 0.0)

    assert judge(rule, {"own": {"metric": 4}}, None)["reason"].startswith("own.metric is 4.000, the threshold")
