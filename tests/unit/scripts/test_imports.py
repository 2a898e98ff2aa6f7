"""A job's container has the packages listed here and the files of the step's bundle, nothing else."""

import ast
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
CONTAINER = {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "xgboost", "boto3", "botocore"}
BUNDLES = {
    "preprocess.py": {
        *("batch_rows", "dataset_schema", "id_shares", "parquet_parts", "raw_rows", "signature", "typed_rows"),
        "unique_ids",
    },
    "batch_rows.py": {"dataset_schema", "parquet_parts", "raw_rows", "typed_rows", "unique_ids"},
    "typed_rows.py": {"dataset_schema", "raw_rows"},
    "unique_ids.py": {"dataset_schema", "raw_rows", "typed_rows"},
    "raw_rows.py": {"dataset_schema"},
    "customer_rows.py": {"dataset_schema", "raw_rows"},
    "refused_rows.py": {"customer_rows"},
    "feature_writer.py": {"dataset_schema"},
    "ingest_features.py": {
        *("customer_rows", "dataset_schema", "feature_group", "feature_manifest", "feature_writer", "raw_rows"),
        "refused_rows",
    },
    "parquet_parts.py": {"dataset_schema"},
    "athena_sql.py": {"dataset_schema"},
    "athena_client.py": {"dataset_schema"},
    "feature_query.py": {"dataset_schema", "athena_sql"},
    "feature_group.py": {"dataset_schema", "feature_query"},
    "feature_manifest.py": {"dataset_schema"},
    "query_features.py": {
        *("athena_client", "dataset_schema", "feature_group", "feature_manifest", "feature_query", "parquet_parts"),
        *("batch_rows", "publish_day", "raw_rows"),
    },
    "prepare_batch.py": {"batch_rows", "dataset_schema", "raw_rows"},
    "check_upload.py": {
        "batch_rows",
        "csv_parts",
        "customer_rows",
        "dataset_schema",
        "raw_rows",
        "refused_rows",
        "typed_rows",
        "upload_rows",
    },
    "csv_parts.py": {"dataset_schema"},
    "upload_rows.py": {"customer_rows", "dataset_schema", "raw_rows"},
    "train.py": {"signature", "dataset_schema", "inference", "verification_rows"},
    "verification_rows.py": {"dataset_schema", "id_shares", "signature"},
    "id_shares.py": set(),
    "serve_rows.py": set(),
    "verify_model.py": {"dataset_schema", "serve_rows", "signature", "verification_rows"},
    "evaluate.py": {"champion", "dataset_schema", "gate_verdict", "packed_model", "signature", "verify_model"},
    "champion.py": {"dataset_schema", "gate_verdict", "packed_model", "signature"},
    "gate_verdict.py": {"dataset_schema"},
    "packed_model.py": {"dataset_schema", "signature"},
    "explain_prediction.py": set(),
    "publish.py": {
        *("dataset_schema", "publish_day", "publish_history", "publish_plan", "publish_rows", "publish_table"),
    },
    "evaluate_batch.py": {
        *("batch_curves", "batch_labels", "batch_metrics", "dataset_schema", "evaluation_charts", "evaluation_page"),
        *("label_join", "publish_day", "published_rows", "raw_labels", "scored_rows"),
    },
    "batch_curves.py": set(),
    "batch_labels.py": {"dataset_schema", "raw_rows"},
    "batch_metrics.py": set(),
    "evaluation_charts.py": {"batch_curves", "markup", "svg_plot"},
    "evaluation_page.py": {"evaluation_charts", "markup"},
    "label_join.py": {"batch_labels", "dataset_schema", "scored_rows"},
    "markup.py": set(),
    "published_rows.py": {"dataset_schema", "publish_history", "raw_rows", "scored_rows"},
    "raw_labels.py": {"batch_labels", "dataset_schema", "raw_rows"},
    "scored_rows.py": {"dataset_schema", "raw_rows"},
    "svg_plot.py": {"markup"},
    "publish_history.py": set(),
    "publish_plan.py": {"dataset_schema"},
    "publish_rows.py": {"dataset_schema", "publish_plan"},
    "publish_table.py": {"dataset_schema", "publish_history", "publish_plan"},
    "publish_day.py": {"dataset_schema"},
    "inference.py": {"signature", "dataset_schema"},
    "signature.py": {"dataset_schema"},
    "dataset_schema.py": set(),
    "generate_customers.py": {"dataset_schema"},
    "export_breast_cancer.py": {"dataset_schema"},
    "lambdas/get_latest_approved_model.py": set(),
    "lambdas/notify_failure.py": set(),
    "lambdas/start_on_upload.py": set(),
    "lambdas/verdict.py": set(),
}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: in a container it is no package"
            found.add(str(node.module).partition(".")[0])
    return found


def test_every_script_is_in_the_list_of_bundles() -> None:
    files = {path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.py")}

    assert files == BUNDLES.keys()


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_script_imports_only_what_its_container_and_its_bundle_have(name: str) -> None:
    allowed = set(sys.stdlib_module_names) | CONTAINER | BUNDLES[name]

    assert imported(SCRIPTS / name) <= allowed


@pytest.mark.parametrize("name", sorted(name for name in BUNDLES if name.startswith("lambdas/")))
def test_lambda_imports_only_what_its_runtime_has(name: str) -> None:
    allowed = set(sys.stdlib_module_names) | {"boto3", "botocore"}

    assert imported(SCRIPTS / name) <= allowed


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_script_is_short_enough_to_read(name: str) -> None:
    assert len((SCRIPTS / name).read_text(encoding="utf-8").splitlines()) <= 400
