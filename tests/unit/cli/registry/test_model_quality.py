from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.context import Context
from cli.registry.model_quality import Quality, metric_name, quality_of
from tests.fakes.model_registry import BUCKET, FakeObjects
from tests.unit.cli.fakes import context_with

CHAMPION = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn/1"
REPORT = {
    "binary_classification_metrics": {"auc": {"value": 0.9}},
    "gate": {"champion": {"model_package_arn": CHAMPION, "value": 0.85}, "reason": "auc is 0.9, 0.75 is asked for."},
}


def context(body: bytes | None = None, metric: str = "binary_classification_metrics.auc.value") -> Context:
    s3 = FakeObjects()
    if body is not None:
        s3.objects["evaluation.json"] = body
    found, _ = context_with(s3=s3)
    found.__dict__["config"] = SimpleNamespace(gate=SimpleNamespace(metric=metric))
    return found


def package(**metadata: str) -> dict[str, Any]:
    statistics = {"S3Uri": f"s3://{BUCKET}/evaluation.json"}
    return {"ModelMetrics": {"ModelQuality": {"Statistics": statistics}}, "CustomerMetadataProperties": metadata}


def test_figures_and_reason_come_from_the_evaluation() -> None:
    found = quality_of(context(json.dumps(REPORT).encode()), package())

    assert found == Quality(0.9, 0.85, CHAMPION, "auc is 0.9, 0.75 is asked for.", metrics={"auc": 0.9})


def test_metrics_are_what_was_measured_as_one_number() -> None:
    family = {
        "rmse": {"value": 2.5, "standard_deviation": 0.1},
        "mae": {"value": 2, "standard_deviation": "NaN"},
        "rmse_best_constant_classifier": {"value": 3.0},
        "confusion_matrix": {"0": {"0": 1}},
    }

    found = quality_of(context(json.dumps({"version": 0.0, "regression_metrics": family}).encode()), package())

    assert found.metrics == {"rmse": 2.5, "mae": 2.0}


def test_metadata_is_what_is_left_when_the_evaluation_is_gone() -> None:
    described = package(
        GateValue="0.9", ChampionValue="0.85", ChampionModelPackageArn=CHAMPION, GateReason="auc is 0.9"
    )

    assert quality_of(context(), described) == Quality(0.9, 0.85, CHAMPION, "auc is 0.9")


def test_metadata_is_what_is_left_to_somebody_who_may_not_read_the_evaluation() -> None:
    found = context(json.dumps(REPORT).encode())
    found.client("s3").refused["evaluation.json"] = "AccessDenied"

    assert quality_of(found, package(GateValue="0.8", GateReason="auc is 0.8")) == Quality(0.8, reason="auc is 0.8")


def test_none_in_metadata_is_no_champion() -> None:
    found = quality_of(context(), package(GateValue="0.9", ChampionValue="none", ChampionModelPackageArn="none"))

    assert found == Quality(0.9)


@pytest.mark.parametrize("report", [{}, {"gate": {"champion": None}}, {"gate": {"champion": {"error": "gone"}}}])
def test_evaluation_without_a_champion_has_none(report: dict[str, Any]) -> None:
    assert quality_of(context(json.dumps(report).encode()), package()) == Quality()


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[1]", b'{"binary_classification_metrics": {"auc": {"value": true}}}']
)
def test_evaluation_that_cannot_be_read_hides_no_version(body: bytes) -> None:
    assert quality_of(context(body), package()) == Quality()


def test_version_registered_without_an_evaluation_has_no_figures() -> None:
    assert quality_of(context(), {}) == Quality()


def test_challenger_that_lost_is_told_with_its_reason() -> None:
    found = quality_of(
        context(),
        package(LastChallengerExecutionId="e9", LastChallengerValue="0.7", LastChallengerReason="0.1 worse"),
    )

    assert found.challenger == "0.7 of execution e9: 0.1 worse"


@pytest.mark.parametrize(
    ("metric", "name"),
    [("binary_classification_metrics.auc.value", "auc"), ("quality.lift", "lift"), ("value", "value")],
)
def test_metric_is_told_by_the_word_that_people_know(metric: str, name: str) -> None:
    assert metric_name(context(metric=metric)) == name
