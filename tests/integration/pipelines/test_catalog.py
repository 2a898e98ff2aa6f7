"""Pipelines by name."""

import pytest

from pipelines import catalog
from pipelines.config import PipelineConfig
from pipelines.errors import UnknownPipeline


def test_entry_unknown_names_all_and_the_nearest() -> None:
    with pytest.raises(
        UnknownPipeline, match=r"'endtoend'; allowed: feature-ingestion, end-to-end. Did you mean 'end-to-end'"
    ):
        catalog.entry("endtoend")


def test_entry_like_no_other_guesses_nothing() -> None:
    with pytest.raises(UnknownPipeline, match=r"allowed: feature-ingestion, end-to-end\.$"):
        catalog.entry("zzz")


def test_sagemaker_name_begins_with_the_project(churn: PipelineConfig) -> None:
    assert [entry.sagemaker_name(churn) for entry in catalog.entries()] == [
        "churn-feature-ingestion",
        "churn-end-to-end",
    ]
