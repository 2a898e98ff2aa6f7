from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from sagemaker_local.errors import ResourceInUse, ResourceNotFound
from sagemaker_local.records.pipeline import PipelineVersion
from sagemaker_local.store.store import Store
from tests.fakes.records import NOON, a_pipeline, a_step, an_execution


def test_pipeline_comes_back_as_it_was_added(store: Store) -> None:
    pipeline = a_pipeline(
        display_name="Churn", description="Größe", max_parallel_steps=4, client_request_token="t" * 32
    )

    store.pipelines.add(pipeline)

    assert store.pipelines.get("churn") == pipeline


def test_pipeline_name_that_is_taken_is_refused_in_the_words_the_sdk_looks_for(store: Store) -> None:
    store.pipelines.add(a_pipeline())

    with pytest.raises(
        ResourceInUse,
        match=r"^Pipeline names must be unique within an AWS account and region\. "
        r"Pipeline with name \(churn\) already exists\.$",
    ):
        store.pipelines.add(a_pipeline(definition="other"))

    assert store.pipelines.get("churn").definition == "{}"


def test_pipeline_added_by_many_at_once_is_added_once(store: Store) -> None:
    def add(number: int) -> bool:
        try:
            store.pipelines.add(a_pipeline(definition=str(number)))
        except ResourceInUse:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(add, range(16)))

    assert outcomes.count(True) == 1
    assert len(store.pipelines.versions("churn")) == 1


def test_pipeline_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' does not exist"):
        store.pipelines.get("churn")
    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' does not exist"):
        store.pipelines.update(a_pipeline())
    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' does not exist"):
        store.pipelines.delete("churn")


def test_pipeline_is_found_by_its_token(store: Store) -> None:
    store.pipelines.add(a_pipeline(client_request_token="t" * 32))

    found = store.pipelines.find_by_token("t" * 32)

    assert found is not None
    assert found.name == "churn"
    assert store.pipelines.find_by_token("u" * 32) is None


def test_update_with_a_higher_version_keeps_the_old_definition(store: Store) -> None:
    pipeline = a_pipeline()
    store.pipelines.add(pipeline)

    store.pipelines.update(replace(pipeline, version=2, definition="new", modified=NOON + timedelta(hours=1)))

    assert [(v.version, v.definition) for v in store.pipelines.versions("churn")] == [(1, "{}"), (2, "new")]
    assert store.pipelines.version("churn", 2).created == NOON + timedelta(hours=1)


def test_update_with_the_same_version_adds_none(store: Store) -> None:
    pipeline = a_pipeline()
    store.pipelines.add(pipeline)

    store.pipelines.update(replace(pipeline, description="new"))

    assert len(store.pipelines.versions("churn")) == 1
    assert store.pipelines.get("churn").description == "new"


def test_version_gets_a_display_name(store: Store) -> None:
    store.pipelines.add(a_pipeline())

    store.pipelines.update_version(PipelineVersion("churn", 1, "ignored", NOON, "first", "the first"))

    assert store.pipelines.version("churn", 1) == PipelineVersion("churn", 1, "{}", NOON, "first", "the first")


def test_version_that_is_not_there_is_named(store: Store) -> None:
    store.pipelines.add(a_pipeline())

    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' has no version '2'"):
        store.pipelines.version("churn", 2)
    with pytest.raises(ResourceNotFound, match="Pipeline 'churn' has no version '2'"):
        store.pipelines.update_version(PipelineVersion("churn", 2, "{}", NOON))


def test_last_run_is_the_newest_start(store: Store) -> None:
    store.pipelines.add(a_pipeline())
    store.executions.add(an_execution("new", created=NOON + timedelta(hours=1)))
    store.executions.add(an_execution("old", created=NOON))

    assert store.pipelines.get("churn").last_run == NOON + timedelta(hours=1)
    assert [pipeline.last_run for pipeline in store.pipelines.all()] == [NOON + timedelta(hours=1)]


def test_delete_forgets_versions_executions_steps_and_tags(store: Store) -> None:
    pipeline, execution = a_pipeline(), an_execution()
    store.pipelines.add(pipeline)
    store.executions.add(execution)
    store.executions.save_step(a_step())
    store.tags.add(pipeline.arn, {"team": "x"})

    store.pipelines.delete("churn")

    assert store.pipelines.all() == []
    assert store.pipelines.versions("churn") == []
    assert store.executions.of_pipeline("churn") == []
    assert store.executions.steps(execution.arn) == []
    assert store.tags.of(pipeline.arn) == {}


def test_delete_leaves_other_pipelines_alone(store: Store) -> None:
    store.pipelines.add(a_pipeline("a"))
    store.pipelines.add(a_pipeline("b"))

    store.pipelines.delete("a")

    assert [pipeline.name for pipeline in store.pipelines.all()] == ["b"]
    assert len(store.pipelines.versions("b")) == 1
