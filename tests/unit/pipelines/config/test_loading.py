"""Configuration files become a configuration, or a list of everything that is wrong with them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from dataset_schema import Schema
from evaluate import classification, regression

from pipelines.config import PipelineConfig, load, metric
from pipelines.errors import InvalidConfig, UnreadableConfig

Write = Callable[[str, str], Path]

MINIMAL = """
project_name: churn
region: us-west-2
bucket: my-bucket
prefix: team/churn
model_package_group: churn-models
role_arn: arn:aws:iam::123456789012:role/Pipelines
"""

COLUMNS = "target: t, event_time_column: at, numeric_features: [a], categorical_features: [b]"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def refusal(*paths: Path) -> str:
    with pytest.raises(InvalidConfig, match="The configuration is refused:") as caught:
        load(paths)
    return str(caught.value)


def test_load_required_keys_only_fills_every_default(write: Write) -> None:
    config = load([write("a.yaml", MINIMAL)])

    assert config.input_uri == "s3://my-bucket/team/churn/data/input/"
    assert config.function_role_arn == "arn:aws:iam::123456789012:role/Pipelines"
    assert config.registration.approval_status == "PendingManualApproval"


def test_load_later_file_overrides_single_keys_of_a_section(write: Write) -> None:
    base = write("base.yaml", MINIMAL + "training: {seed: 7, hyperparameters: {max_depth: 3, eta: 0.2}}\n")
    later = write("later.yaml", "bucket: other-bucket\ntraining: {hyperparameters: {eta: 0.3}}\n")

    config = load([base, later])

    assert config.bucket == "other-bucket"
    assert (config.training.seed, config.training.hyperparameters.max_depth) == (7, 3)
    assert config.training.hyperparameters.eta == 0.3


def test_load_later_file_replaces_lists_whole(write: Write) -> None:
    base = write("base.yaml", MINIMAL + "dataset: {numeric_features: [a, b]}\n")
    later = write("later.yaml", "dataset: {numeric_features: [c]}\n")

    config = load([base, later])

    assert config.dataset.numeric_features == ("c",)


def test_configuration_is_frozen_in_every_section(write: Write) -> None:
    config = load([write("a.yaml", MINIMAL)])

    with pytest.raises(ValueError, match="frozen"):
        config.training.seed = 1


@pytest.mark.parametrize(
    ("line", "key", "meant"),
    [
        ("proces_instance_type: ml.m5.large", "proces_instance_type", "processing_instance_type"),
        ("training: {max_runtime: 3}", "training.max_runtime", "training.max_runtime_seconds"),
        ("max_dept: 3", "max_dept", "training.hyperparameters.max_depth"),
        ("metrc: a.b.c", "metrc", "gate.metric"),
        ("training: {hyperparameters: {num_rounds: 3}}", "training.hyperparameters.num_rounds", "num_round"),
        (
            "registration: {approval_policy: {improvment: 0.1}}",
            "registration.approval_policy.improvment",
            "registration.approval_policy.improvement",
        ),
        (
            "registration: {approval_policy: {rules: [{metric: a.b.c, at_leas: 1.0}]}}",
            "registration.approval_policy.rules.0.at_leas",
            "registration.approval_policy.rules.0.at_least",
        ),
    ],
)
def test_load_unknown_key_names_key_file_line_and_nearest_key(write: Write, line: str, key: str, meant: str) -> None:
    path = write("bad.yaml", MINIMAL + line + "\n")

    text = refusal(path)

    assert f"{path}:8: unknown key {key!r}" in text
    assert "Did you mean" in text
    assert meant in text
    assert "Allowed here: " in text


def test_load_unknown_key_like_no_other_lists_what_is_allowed_there(write: Write) -> None:
    text = refusal(write("bad.yaml", MINIMAL + "gate: {zzzzzz: 3}\n"))

    assert "Allowed here: comparison, metric, threshold, tolerance." in text
    assert "Did you mean" not in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("customer_id_start: '4000'", "customer_id_start: '4000' is refused; allowed: a whole number."),
        ("customer_id_start: true", "customer_id_start: True is refused; allowed: a whole number."),
        (
            "processing_instance_type: m5.xlarge",
            "'m5.xlarge' is refused; allowed: an instance type such as ml.m5.xlarge",
        ),
        ("input_data_uri: /data", "input_data_uri: '/data' is refused; allowed: an S3 address"),
        ("sns_topic_arn: topic", "sns_topic_arn: 'topic' is refused; allowed: a topic ARN"),
        ("notification_email: nobody", "notification_email: 'nobody' is refused; allowed: an e-mail address"),
        ("data_source: athena", "data_source: 'athena' is refused; allowed: 'feature_store' or 's3'."),
        ("ingestion: {max_refused_share: 2.0}", "ingestion.max_refused_share: 2.0 is refused; allowed: less than"),
        ("ingestion: {ranges: {age: 18}}", "ingestion.ranges.age: 18 is refused; allowed: a list."),
        ("model_approval_status: approved", "allowed: 'PendingManualApproval', 'Approved' or 'Rejected'."),
        ("training: {validation_fraction: 1.0}", "training.validation_fraction: 1.0 is refused; allowed: less than 1."),
        ("training: 3", "training: 3 is refused; allowed: a section of keys."),
        ("dataset: {numeric_features: age}", "dataset.numeric_features: 'age' is refused; allowed: a list."),
        ("caching: {expire_after: 30 days}", "'30 days' is refused; allowed: an ISO 8601 duration"),
        ("caching: {enabled: 'yes'}", "caching.enabled: 'yes' is refused; allowed: true or false."),
        ("publish: {inference_date: 31.12.2026}", "'31.12.2026' is refused; allowed: 'today' or a day"),
        ("athena_output_table: My-Table", "'My-Table' is refused; allowed: a name of a-z, 0-9 and '_'"),
        ("gate: {tolerance: -0.1}", "gate.tolerance: -0.1 is refused; allowed: greater than or equal to 0."),
        ("gate: {tolerance: .inf}", "gate.tolerance: inf is refused; allowed: a finite number."),
        ("registration: {approval_policy: strict}", "registration.approval_policy: 'strict' is refused; allowed: a se"),
        (
            "registration: {approval_policy: {improvement: 0.1, otherwise: Approved}}",
            "otherwise: 'Approved' is refused; allowed: 'PendingManualApproval' or 'Rejected'.",
        ),
        ("retries: {max_attempts: 21}", "retries.max_attempts: 21 is refused; allowed: less than or equal to 20."),
    ],
)
def test_load_ill_typed_value_quotes_it_and_says_what_is_allowed(write: Write, line: str, expected: str) -> None:
    path = write("bad.yaml", MINIMAL + line + "\n")

    text = refusal(path)

    assert expected in text
    assert f"{path}:8: " in text


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("bucket", "s3://my-bucket", "a bucket name"),
        ("bucket", "My_Bucket", "a bucket name"),
        ("bucket", "a..b", "a bucket name"),
        ("prefix", "/team/churn/", "without a slash at either end"),
        ("region", "Oregon", "an AWS region"),
        ("role_arn", "arn:aws:iam::12:role/x", "a role ARN"),
        ("role_arn", "Pipelines", "a role ARN"),
        ("project_name", "my_project", "letters and digits"),
        ("project_name", "p" * 39, "at most 38"),
    ],
)
def test_load_required_value_that_aws_would_refuse_is_refused(
    write: Write, key: str, value: str, expected: str
) -> None:
    base, later = write("base.yaml", MINIMAL), write("later.yaml", f"{key}: {value}\n")

    text = refusal(base, later)

    assert f"{later}:1: {key}: {value!r} is refused; allowed: " in text
    assert expected in text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("customer_id_start: 10\ncustomer_id_end: 9", "customer_id_start 10 lies behind customer_id_end 9"),
        ("training: {customer_id_start: 10, customer_id_end: 9}", "customer_id_start 10 lies behind customer_id_end 9"),
        ("training: {validation_fraction: 0.5, test_fraction: 0.5}", "leave nothing to train on"),
        ("transform: {max_payload_mb: 50, max_concurrent_transforms: 3}", "is 150; allowed: a product of at most 100"),
        ("functions: {wait_seconds: 400}", "wait_seconds 400 does not fit into timeout_seconds 360"),
        ("gate: {metric: $.a.value}", "starts with '$'"),
        ("gate: {metric: regression_metrics.rmse.value}", "is never written for a binary_classification"),
        (
            "gate: {metric: binary_classification_metrics.recal.value}",
            "is never written; did you mean binary_classification_metrics.recall.value?",
        ),
        (
            "registration: {approval_policy: {rules: [{metric: regression_metrics.rmse.value, at_most: 2.0}]}}",
            "registration.approval_policy.rules.0.metric 'regression_metrics.rmse.value' is never written for a binary",
        ),
        (
            "registration: {approval_policy: {rules: [{metric: auc, at_least: 0.8}]}}",
            "'auc' is not a path in evaluation.json; did you mean binary_classification_metrics.auc.value?",
        ),
        ("registration: {approval_policy: {rules: [{metric: a.b.c}]}}", "'a.b.c' has not exactly one bound; allowed: "),
        (
            "registration: {approval_policy: {rules: [{metric: a.b.c, at_least: 0.1, at_most: 0.2}]}}",
            "'a.b.c' has not exactly one bound; allowed: at_least or at_most",
        ),
        ("registration: {approval_policy: {}}", "there is no rule, so every version would be approved; allowed: at"),
        ("dataset: {problem_type: regression}", "classes are given for a regression"),
        ("dataset: {classes: null}", "classes None do not name two classes"),
        ("dataset: {classes: [1, '1']}", "do not name two classes"),
        ("dataset: {classes: [1]}", "dataset.classes: [1] is refused; two classes are needed, the negative one first"),
        ("dataset: {classes: [a, b, c]}", "two classes are needed, the negative one first; given: 3"),
        ("dataset: {classes: [no, yes]}", "[False, True] is refused; YAML reads yes, no, on, off, true and false as"),
        ("dataset: {classes: [no, yes]}", "quote them: ['no', 'yes']"),
        ("dataset: {classes: [a, on]}", "quote them"),
        (
            "gate: {metric: auc}",
            "'auc' is not a path in evaluation.json; did you mean binary_classification_metrics.auc",
        ),
        ("gate: {metric: AUC.value}", "did you mean binary_classification_metrics.auc.value?"),
        ("gate: {metric: binary_classification_metrics.f1}", "did you mean binary_classification_metrics.f1.value?"),
        ("gate: {metric: rmse}", "did you mean regression_metrics.rmse.value?"),
        ("gate: {metric: zzz}", "'zzz' is not a path in evaluation.json; allowed: a path such as"),
        ("gate: {metric: regression_metrics}", "is not a path in evaluation.json; allowed: a path such as"),
        ("dataset: {target: age}", "'age' named twice"),
        (f"dataset: {{{COLUMNS}, csv_columns: [b, t]}}", "csv_columns does not name 'at', 'a'; allowed: each feature"),
        (f"dataset: {{{COLUMNS}, csv_columns: [a, b, at]}}", "csv_columns does not name 't'"),
        (f"dataset: {{{COLUMNS}, csv_columns: [a, b, at, t, c]}}", "csv_columns names the unknown 'c'"),
        (f"dataset: {{{COLUMNS}, csv_columns: [a, b, a, at, t]}}", "csv_columns names twice 'a'"),
        (
            f"data_source: s3\ndataset: {{{COLUMNS}, csv_columns: [a, b, at, t], id_format: null}}",
            "csv_columns does not name the id column 'customer_id', and with id_format: null no ids can be made",
        ),
        ("dataset: {numeric_features: [], categorical_features: []}", "there are no features"),
        ("input_data_uri: s3://bucket/raw (old)/", "'s3://bucket/raw (old)/' cannot be kept with a model"),
        ("ingestion: {ranges: {age: [9.0, 1.0]}}", "the range of 'age' begins at 9.0 and ends at 1.0"),
        ("ingestion: {ranges: {plan: [0.0, 1.0]}}", "ingestion.ranges names 'plan'; allowed: the features of"),
        ("data_source: feature_store\ndataset: {event_time_column: null}", "dataset.event_time_column is null"),
        (
            "data_source: feature_store\ndataset: {numeric_features: [mean radius]}",
            "the column 'mean radius' cannot be a feature",
        ),
        ("data_source: feature_store\ndataset: {numeric_features: [a, A]}", "the column 'A' cannot be a feature"),
        ("data_source: feature_store\ndataset: {numeric_features: [Year]}", "the column 'Year' cannot be a feature"),
        ("dataset: {id_format: CUST}", "allowed: a text with one number field"),
        ("dataset: {id_format: null}", "customer_id_start, customer_id_end, training.customer_id_start"),
    ],
)
def test_load_values_that_contradict_each_other_are_refused(write: Write, lines: str, expected: str) -> None:
    text = refusal(write("bad.yaml", MINIMAL + lines + "\n"))

    assert expected in text


@pytest.mark.parametrize(
    "lines",
    [
        "dataset: {classes: ['no', 'yes']}",
        "dataset: {classes: ['false', 'true']}",
        "gate: {metric: binary_classification_metrics.auc.standard_deviation}",
        "gate: {metric: own.metric}",
    ],
)
def test_load_quoted_classes_and_whole_paths_are_taken(write: Write, lines: str) -> None:
    config = load([write("good.yaml", MINIMAL + lines + "\n")])

    assert config.dataset.classes != (0, 1) or config.gate.metric != "binary_classification_metrics.auc.value"


def test_approval_policy_is_the_text_that_the_function_takes_and_none_when_there_is_none(write: Write) -> None:
    rules = "rules: [{metric: a.b.c, at_most: 0.25}, {metric: a.d.c, at_least: 3}]"
    lines = f"registration: {{approval_policy: {{{rules}, improvement: 0.005, otherwise: Rejected}}}}\n"

    config = load([write("a.yaml", MINIMAL + lines)])

    assert json.loads(config.registration.approval_policy_text) == {
        "rules": [{"metric": "a.b.c", "at_most": 0.25}, {"metric": "a.d.c", "at_least": 3}],
        "improvement": 0.005,
        "otherwise": "Rejected",
    }
    assert config.with_account_id("000000000000").registration == config.registration
    assert load([write("b.yaml", MINIMAL)]).registration.approval_policy_text == "none"


def test_tolerance_of_null_means_no_comparison(write: Write) -> None:
    assert load([write("a.yaml", MINIMAL)]).gate.tolerance == 0.01
    assert load([write("b.yaml", MINIMAL + "gate: {tolerance: null}\n")]).gate.tolerance is None


@pytest.mark.parametrize(
    ("columns", "id_format"), [("[b, a, at, t]", "'C{:d}'"), ("[t, customer_id, at, a, b]", "null")]
)
def test_load_columns_without_a_header_reach_the_jobs_in_order(write: Write, columns: str, id_format: str) -> None:
    ranges = (
        "customer_id_start: null\ncustomer_id_end: null\ntraining: {customer_id_start: null, customer_id_end: null}"
    )
    lines = f"dataset: {{{COLUMNS}, csv_columns: {columns}, id_format: {id_format}}}\n{ranges}\n"

    document = load([write("good.yaml", MINIMAL + lines)]).dataset.as_schema()

    assert document["csv_columns"] == yaml.safe_load(columns)
    assert Schema.from_document(document).csv_columns == tuple(document["csv_columns"])


def test_metrics_that_a_gate_suggests_are_written_by_the_evaluation() -> None:
    labels, predictions = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.2, 0.9, 0.4, 0.6])

    written = {
        "binary_classification_metrics": set(classification(labels, predictions)),
        "regression_metrics": set(regression(labels, predictions)),
    }

    assert {family: set(names) - written[family] for family, names in metric.FAMILIES.items()} == {
        "binary_classification_metrics": set(),
        "regression_metrics": set(),
    }


def test_load_several_faults_reports_all_of_them_at_once(write: Write) -> None:
    with pytest.raises(InvalidConfig, match="refused") as caught:
        load([write("bad.yaml", MINIMAL + "buckt: x\ngate: {threshold: high}\ntransform: {max_payload_mb: 101}\n")])

    assert len(caught.value.problems) == 3


def test_load_missing_key_names_key_and_files(write: Write) -> None:
    path = write("short.yaml", MINIMAL.replace("bucket: my-bucket", ""))

    assert f"'bucket' is missing in {path}; add it, or give the file that this one overrides first" in refusal(path)


def test_load_fault_of_the_later_file_names_that_file(write: Write) -> None:
    base = write("base.yaml", MINIMAL + "gate: {threshold: 0.8}\n")
    later = write("later.yaml", "\ngate: {threshold: high}\n")

    text = refusal(base, later)

    assert f"{later}:2: gate.threshold: 'high'" in text
    assert str(base) not in text


def test_load_key_said_twice_is_refused_with_both_lines(write: Write) -> None:
    path = write("twice.yaml", "gate:\n  threshold: 1.0\n  threshold: 2.0\n")

    with pytest.raises(UnreadableConfig, match=r"twice.yaml:3: 'gate.threshold' is said twice, first in line 2"):
        load([path])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a: [1", "is not YAML"), ("- a\n- b\n", "holds no keys"), ("just words", "holds no keys")],
)
def test_load_file_that_is_no_mapping_is_refused(write: Write, text: str, expected: str) -> None:
    with pytest.raises(UnreadableConfig, match=expected):
        load([write("bad.yaml", text)])


def test_load_missing_file_is_refused_by_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableConfig, match=r"nowhere.yaml' cannot be read: No such file"):
        load([tmp_path / "nowhere.yaml"])


def test_load_file_of_other_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("prefix: für".encode("latin-1"))

    with pytest.raises(UnreadableConfig, match="is not UTF-8 text"):
        load([path])


def test_load_empty_file_adds_nothing(write: Write) -> None:
    config = load([write("a.yaml", MINIMAL), write("empty.yaml", "# nothing yet\n")])

    assert isinstance(config, PipelineConfig)
