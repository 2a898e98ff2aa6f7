"""The definitions that `configs/pipeline_config.yaml` gives, for comparison.

After a change that is meant, write them anew and read the difference:

    .venv/bin/python -m tests.integration.pipelines.golden && git diff tests/integration/pipelines/golden
"""

import json
import re
from pathlib import Path

from pipelines import catalog
from pipelines.built import BuiltPipeline
from pipelines.config import PipelineConfig

FOLDER = Path(__file__).parent
FILES = {
    "batch_inference.json": ("batch-inference", "feature_store"),
    "batch_inference_s3.json": ("batch-inference", "s3"),
    "end_to_end.json": ("end-to-end", "feature_store"),
    "end_to_end_s3.json": ("end-to-end", "s3"),
    "evaluation.json": ("evaluation", "feature_store"),
    "feature_ingestion.json": ("feature-ingestion", "feature_store"),
    "training.json": ("training", "feature_store"),
    "upload_inference.json": ("upload-inference", "feature_store"),
}
"""Each file's pipeline, and the data_source that it is built with."""

_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def build(file: str, config: PipelineConfig) -> BuiltPipeline:
    """Build what a golden file shows."""
    pipeline, source = FILES[file]
    return catalog.build(pipeline, config.model_copy(update={"data_source": source}))


def normalised(built: BuiltPipeline) -> str:
    """Return a definition for comparing: indented, without the hashes that any edit of a script changes."""
    return _HASH.sub("<sha256>", json.dumps(json.loads(built.definition()), indent=1)) + "\n"
