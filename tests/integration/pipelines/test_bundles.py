"""Each step packs its script and everything that the script imports, and nothing else."""

import ast
import importlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipelines import catalog
from pipelines.built import BuiltPipeline, LambdaFunction
from pipelines.config import PipelineConfig

SCRIPTS = Path(__file__).parents[3] / "scripts"
PROCESSING = (
    *("ingest_features", "query_features", "prepare_batch", "check_upload", "preprocess", "evaluate"),
    *("evaluate_if_labelled", "publish"),
)
STEPS = (*PROCESSING, "trainer", "latest_approved_model", "verdict", "notify_failure")


def siblings(path: Path) -> set[str]:
    """Names of the files in the same folder that a script imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {f"{module}.py" for module in modules if path.with_name(f"{module}.py").is_file()}


@pytest.mark.parametrize("step", STEPS)
def test_bundle_has_every_sibling_that_its_files_import(step: str) -> None:
    packed = importlib.import_module(f"pipelines.steps.{step}").SCRIPTS

    for script in packed:
        missing = siblings(SCRIPTS / script) - {Path(name).name for name in packed}

        assert not missing, f"{script} imports {missing}"


@pytest.mark.parametrize("step", PROCESSING)
def test_bundle_of_a_processing_step_has_no_file_that_nothing_imports(step: str) -> None:
    packed = importlib.import_module(f"pipelines.steps.{step}").SCRIPTS

    imported = {name for script in packed for name in siblings(SCRIPTS / script)}

    assert set(packed) - imported == {packed[0]}


def test_archive_of_training_has_the_serving_code(built: BuiltPipeline) -> None:
    (body,) = [body for address, body in built.artifacts.items() if address.endswith("/sourcedir.tar.gz")]

    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == [
            *("dataset_schema.py", "id_shares.py", "inference.py", "signature.py", "train.py", "verification_rows.py"),
        ]


@pytest.mark.parametrize("pipeline", ["end-to-end", "upload-inference"])
def test_archive_of_each_function_has_its_handler(churn: PipelineConfig, pipeline: str) -> None:
    for function in catalog.build(pipeline, churn).functions:
        check_handler(function)


def check_handler(function: LambdaFunction) -> None:
    module, _, name = function.handler.partition(".")

    with zipfile.ZipFile(io.BytesIO(function.archive)) as archive:
        source = archive.read(f"{module}.py").decode()

    assert any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.parse(source).body)


def test_every_code_address_of_the_definition_is_an_artifact(built: BuiltPipeline) -> None:
    addresses = {part for part in built.definition().split('"') if "/code/" in part and part.startswith("s3://")}

    assert len(addresses) == 7
    for address in addresses:
        assert any(artifact.startswith(address) for artifact in built.artifacts)
