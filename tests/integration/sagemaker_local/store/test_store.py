from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sagemaker_local.errors import ResourceInUse, ResourceLimitExceeded, ResourceNotFound
from sagemaker_local.records.job import JobKind
from sagemaker_local.store.store import Store
from tests.fakes.records import a_group, a_job, a_model, a_package, a_pipeline, a_step, an_execution

ARN = a_pipeline().arn


def fill(store: Store) -> None:
    store.pipelines.add(a_pipeline())
    store.executions.add(an_execution())
    store.executions.save_step(a_step())
    store.jobs.add(a_job())
    store.models.add(a_model())
    store.model_packages.add_group(a_group())
    store.model_packages.add(a_package, "Churn")
    store.tags.add(ARN, {"team": "x"})


def test_store_that_was_never_closed_comes_back_whole(path: Path) -> None:
    """As after `kill -9` of the endpoint."""
    killed = Store.open(path)
    fill(killed)

    again = Store.open(path)

    assert again.pipelines.get("churn").arn == ARN
    assert again.executions.steps(an_execution().arn) == [a_step()]
    assert again.jobs.get(JobKind.TRAINING, "train-1") == a_job()
    assert again.models.get("scorer") == a_model()
    assert again.model_packages.all("Churn") == [a_package(1)]
    assert again.tags.of(ARN) == {"team": "x"}
    again.close()
    killed.close()


def test_store_opened_again_goes_on_numbering_packages(path: Path) -> None:
    first = Store.open(path)
    fill(first)
    first.model_packages.delete(a_package(1).arn)
    first.close()

    again = Store.open(path)

    assert again.model_packages.add(a_package, "Churn").version == 2
    again.close()


def test_transaction_over_several_members_is_all_or_nothing(store: Store) -> None:
    store.pipelines.add(a_pipeline("taken"))

    def add_all() -> None:
        with store.transaction():
            store.pipelines.add(a_pipeline("new"))
            store.tags.add(a_pipeline("new").arn, {"team": "x"})
            store.pipelines.add(a_pipeline("taken"))

    with pytest.raises(ResourceInUse, match="taken"):
        add_all()

    with pytest.raises(ResourceNotFound, match="new"):
        store.pipelines.get("new")
    assert store.tags.of(a_pipeline("new").arn) == {}


@pytest.mark.parametrize(
    "arn",
    [record.arn for record in (a_pipeline(), an_execution(), a_job(), a_model(), a_group(), a_package(1))],
)
def test_has_arn_knows_every_kind_of_resource(store: Store, arn: str) -> None:
    before = store.has_arn(arn)

    fill(store)

    assert (before, store.has_arn(arn)) == (False, True)


def test_tags_keep_their_order_and_take_new_values(store: Store) -> None:
    store.tags.add(ARN, {"b": "1", "a": "2"})
    store.tags.add(ARN, {"b": "3", "c": ""})

    assert list(store.tags.of(ARN).items()) == [("b", "3"), ("a", "2"), ("c", "")]


def test_tags_are_removed_by_key(store: Store) -> None:
    store.tags.add(ARN, {"a": "1", "b": "2"})

    store.tags.remove(ARN, ["a", "never-there"])

    assert store.tags.of(ARN) == {"b": "2"}


def test_tags_beyond_fifty_are_refused_together(store: Store) -> None:
    store.tags.add(ARN, {str(number): "" for number in range(49)})

    with pytest.raises(ResourceLimitExceeded, match="would have 51 tags; at most 50 are allowed"):
        store.tags.add(ARN, {"x": "", "y": ""})

    assert len(store.tags.of(ARN)) == 49


def test_store_takes_many_kinds_of_writes_at_once(store: Store) -> None:
    store.pipelines.add(a_pipeline())

    def work(number: int) -> None:
        store.executions.add(an_execution(f"e{number}"))
        store.executions.save_step(a_step(execution_id=f"e{number}"))
        store.jobs.add(a_job(f"job-{number}"))
        store.tags.add(ARN, {str(number): ""})
        assert store.executions.steps(an_execution(f"e{number}").arn)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(30)))

    assert len(store.executions.of_pipeline("churn")) == 30
    assert len(store.jobs.all(JobKind.TRAINING)) == 30
    assert len(store.tags.of(ARN)) == 30
