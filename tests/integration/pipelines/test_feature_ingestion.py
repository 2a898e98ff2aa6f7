"""What the feature-ingestion pipeline promises, read from its definition."""

import itertools
import json
from typing import Any

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig
from pipelines.config.ingestion import Ingestion
from pipelines.errors import InvalidDefinition
from tests.integration.pipelines.nodes import unknown_options, working_steps


@pytest.fixture(scope="module")
def ingestion(churn: PipelineConfig) -> BuiltPipeline:
    return catalog.build("feature-ingestion", churn)


def step_of(built: BuiltPipeline) -> dict[str, Any]:
    (node,) = working_steps(built).values()
    return dict(node.body)


def arguments_of(built: BuiltPipeline) -> list[Any]:
    found: list[Any] = step_of(built)["Arguments"]["AppSpecification"]["ContainerArguments"]
    return found


def test_ingestion_is_one_step_that_is_never_cached_and_tried_again(ingestion: BuiltPipeline) -> None:
    step = step_of(ingestion)

    assert (step["Name"], ingestion.name) == ("IngestFeatures", "churn-feature-ingestion")
    assert "CacheConfig" not in step
    assert step["RetryPolicies"]


def test_ingestion_and_query_mean_the_same_group_and_manifest(ingestion: BuiltPipeline, built: BuiltPipeline) -> None:
    query = json.loads(built.definition())["Steps"][0]["Arguments"]["AppSpecification"]["ContainerArguments"]
    given = arguments_of(ingestion)

    for option in ("--feature-group", "--manifest", "--region"):
        assert given[given.index(option) + 1] == query[query.index(option) + 1]


def test_arguments_are_options_of_the_script(ingestion: BuiltPipeline) -> None:
    """Two houses, one contract: the pipeline knows no script's inside, so this asks the script."""
    (node,) = working_steps(ingestion).values()

    assert not unknown_options(node)


def test_refused_rows_of_two_executions_lie_apart(ingestion: BuiltPipeline) -> None:
    given = arguments_of(ingestion)

    assert "Execution.PipelineExecutionId" in json.dumps(given[given.index("--errors") + 1])


def test_ranges_of_the_configuration_become_options(churn: PipelineConfig) -> None:
    ranges = {"age": (18.0, 120.0), "tenure_months": (0.0, None), "discount_percent": (None, 100.0)}
    config = churn.model_copy(update={"ingestion": Ingestion(ranges=ranges)})

    given = arguments_of(catalog.build("feature-ingestion", config))

    options = [value for option, value in itertools.pairwise(given) if option == "--range"]
    assert options == ["age=18.0:120.0", "discount_percent=:100.0", "tenure_months=0.0:"]


def test_instance_of_its_own_leaves_no_parameter_without_effect(churn: PipelineConfig) -> None:
    config = churn.model_copy(update={"ingestion": Ingestion(instance_type="ml.m5.4xlarge")})

    document = json.loads(catalog.build("feature-ingestion", config).definition())

    assert [item["Name"] for item in document["Parameters"]] == ["InputDataUri", "GitCommit"]


def test_dataset_without_event_times_has_no_ingestion(churn: PipelineConfig) -> None:
    dataset = churn.dataset.model_copy(update={"event_time_column": None})

    with pytest.raises(InvalidDefinition, match="event_time_column is null"):
        catalog.build("feature-ingestion", churn.model_copy(update={"dataset": dataset}))
