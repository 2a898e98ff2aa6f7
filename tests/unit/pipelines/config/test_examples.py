"""The configurations that are shipped or promised to load, and the account in their ARNs."""

from pathlib import Path

import pytest
import yaml
from dataset_schema import Schema

from pipelines.config import PipelineConfig, load
from pipelines.config.dataset import Dataset
from pipelines.config.metric import Comparison, comparison_of
from pipelines.errors import PlaceholderAccount
from tests.fakes.datasets import ABALONES

CONFIGS = Path(__file__).parents[4] / "configs"
SEED_EXAMPLE = Path(__file__).with_name("seed_example.yaml")


def test_seed_example_loads_unchanged_with_every_key_kept() -> None:
    config = load([SEED_EXAMPLE])

    for key, value in yaml.safe_load(SEED_EXAMPLE.read_text(encoding="utf-8")).items():
        assert getattr(config, key) == value


def test_seed_example_has_the_churn_columns_and_trains_on_the_other_customers() -> None:
    config = load([SEED_EXAMPLE])

    assert config.dataset == load([CONFIGS / "pipeline_config.yaml"]).dataset
    assert (config.training.customer_id_start, config.training.customer_id_end) == (1, 4000)


def test_churn_columns_by_default_are_those_of_the_generator() -> None:
    from generate_customers import CUSTOMER_FEATURES  # a script, which alone knows what it generates

    features = Dataset().as_schema()["features"]

    assert {feature["name"]: feature["kind"] for feature in features} == dict(CUSTOMER_FEATURES)


@pytest.mark.parametrize("name", sorted(path.name for path in CONFIGS.glob("*.yaml")))
def test_shipped_configuration_loads_alone(name: str) -> None:
    config = load([CONFIGS / name])

    assert config.account_id == "ACCOUNT_ID"


@pytest.mark.parametrize("name", ["breast_cancer.yaml", "abalone.yaml"])
def test_other_use_case_shares_nothing_with_churn(name: str) -> None:
    churn, other = load([CONFIGS / "pipeline_config.yaml"]), load([CONFIGS / name])

    for key in ("project_name", "prefix", "model_package_group", "athena_output_table"):
        assert getattr(churn, key) != getattr(other, key)


def test_breast_cancer_has_its_own_classes_and_columns() -> None:
    other = load([CONFIGS / "breast_cancer.yaml"])

    assert other.dataset.as_schema()["classes"] == ["benign", "malignant"]
    assert len(other.dataset.numeric_features) == 30


def test_abalone_is_a_regression_out_of_files_without_a_header_or_ids() -> None:
    config = load([CONFIGS / "abalone.yaml"])

    schema = Schema.from_document(config.dataset.as_schema())

    assert (config.gate.metric, config.gate.comparison) == ("regression_metrics.rmse.value", "at_most")
    assert schema.is_regression
    assert schema.csv_columns == tuple(ABALONES["csv_columns"])
    assert schema.features == Schema.from_document(ABALONES).features
    assert config.training.customer_id_end + 1 == config.customer_id_start  # type: ignore[operator]  # both are said


def test_schema_document_of_datasets_with_a_header_has_no_key_for_others() -> None:
    """Its digest is kept with each model."""
    assert "csv_columns" not in Dataset().as_schema()


def test_schema_document_of_the_default_dataset_names_every_role() -> None:
    document = Dataset().as_schema()

    assert document["version"] == 1
    assert document["problem_type"] == "binary_classification"
    assert (document["id_column"], document["id_format"]) == ("customer_id", "CUST_{:06d}")
    assert (document["event_time_column"], document["target"]) == ("event_time", "churned")
    assert document["classes"] == [0, 1]
    assert {"name": "plan", "kind": "categorical"} in document["features"]


def test_with_account_id_moves_every_arn_and_nothing_else() -> None:
    config = load([SEED_EXAMPLE])

    moved = config.with_account_id("000000000000")

    assert moved.role_arn == "arn:aws:iam::000000000000:role/ML-Role-Pipelines"
    assert moved.sns_topic_arn == "arn:aws:sns:us-west-2:000000000000:ml-model-pipeline-failures"
    assert moved.function_arn("f") == "arn:aws:lambda:us-west-2:000000000000:function:f"
    assert moved.with_account_id("ACCOUNT_ID") == config


def test_with_account_id_leaves_no_way_to_a_real_account() -> None:
    config = load([SEED_EXAMPLE]).with_account_id("123456789012")

    local = config.with_account_id("000000000000")

    assert "123456789012" not in local.model_dump_json()


def test_require_account_with_placeholder_names_the_keys_and_both_ways_out() -> None:
    config = load([SEED_EXAMPLE])

    with pytest.raises(PlaceholderAccount, match=r"role_arn: .*sns_topic_arn: .*get-caller-identity.*--local"):
        config.require_account()


def test_require_account_with_an_account_returns_the_configuration() -> None:
    config = load([SEED_EXAMPLE]).with_account_id("123456789012")

    assert config.require_account() is config


def test_function_arn_follows_the_partition_of_the_role() -> None:
    config = load([SEED_EXAMPLE])
    china = config.model_copy(update={"role_arn": "arn:aws-cn:iam::123456789012:role/x", "region": "cn-north-1"})

    assert china.function_arn("f") == "arn:aws-cn:lambda:cn-north-1:123456789012:function:f"


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("binary_classification_metrics.auc.value", "at_least"),
        ("regression_metrics.rmse.value", "at_most"),
        ("regression_metrics.mae.value", "at_most"),
        ("regression_metrics.r2.value", "at_least"),
    ],
)
def test_comparison_of_metric_says_which_side_is_good(metric: str, expected: Comparison) -> None:
    assert comparison_of(metric) == expected


def test_gate_comparison_is_inferred_unless_it_is_said() -> None:
    values = load([SEED_EXAMPLE]).model_dump(mode="json")
    values["dataset"] |= {"problem_type": "regression", "classes": None}
    values["gate"] = {"metric": "regression_metrics.rmse.value", "threshold": 3.0}

    inferred = PipelineConfig.model_validate(values)
    values["gate"]["comparison"] = "at_least"
    said = PipelineConfig.model_validate(values)

    assert (inferred.gate.comparison, said.gate.comparison) == ("at_most", "at_least")
