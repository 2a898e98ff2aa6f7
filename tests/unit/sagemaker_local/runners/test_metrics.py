from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sagemaker_local.errors import ValidationException
from sagemaker_local.runners.metrics import MetricWatch, check, definitions_of

_AUC = {"Name": "validation:auc", "Regex": r"validation-auc:([0-9\.]+)"}
_LOSS = {"Name": "loss", "Regex": r"loss=(.*?);"}


def test_final_is_the_last_match_of_the_first_group() -> None:
    watch = MetricWatch([_AUC, _LOSS])

    watch.read(1_000, "[0]\tvalidation-auc:0.70")
    watch.read(2_000, "[1]\tvalidation-auc:0.75 validation-auc:0.80")

    expected = {"MetricName": "validation:auc", "Value": 0.8, "Timestamp": datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)}
    assert watch.final == [expected]


def test_read_text_that_is_no_number_is_no_value() -> None:
    watch = MetricWatch([_LOSS])

    watch.read(1, "loss=0.5;")
    watch.read(2, "loss=unknown;")

    assert [item["Value"] for item in watch.final] == [0.5]


@pytest.mark.parametrize(
    ("regex", "message"), [("auc=(", "is not a regular expression"), ("auc=[0-9]", "has no group")]
)
def test_check_expression_without_value_is_refused(regex: str, message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        check([{"Name": "auc", "Regex": regex}])


def _algorithm(**members: object) -> dict[str, object]:
    return {"AlgorithmSpecification": {"TrainingImage": "r/sagemaker-xgboost:3.2-0-cpu-py3", **members}}


def test_definitions_of_the_xgboost_image_find_the_metrics_of_each_round() -> None:
    watch = MetricWatch(definitions_of(_algorithm()))

    watch.read(1, "[0]\ttrain-auc:0.70000\tvalidation-auc:0.61234")
    watch.read(2, "[1]\ttrain-auc:0.75000\tvalidation-auc:6.5e-01")
    watch.read(3, "cross-validation-auc:0.9 validation-aucpr:0.1")

    assert [(item["MetricName"], item["Value"]) for item in watch.final] == [("validation:auc", 0.65)]


def test_definitions_of_the_request_serve_for_another_image() -> None:
    assert definitions_of(_algorithm(TrainingImage="r/mine:1", MetricDefinitions=[_LOSS])) == [_LOSS]


def test_definitions_of_another_image_are_none() -> None:
    assert definitions_of(_algorithm(TrainingImage="r/mine:1")) == []
