"""The upload-inference pipeline: one uploaded CSV file is checked, scored line by line and published."""

from __future__ import annotations

from dataclasses import replace

from pipelines.assembly import assemble
from pipelines.built import BuiltPipeline
from pipelines.functions import FunctionCode
from pipelines.parameters import TextParameter
from pipelines.stages import score
from pipelines.steps.batch import Batch
from pipelines.steps.check_upload import check_upload
from pipelines.steps.context import StepContext
from pipelines.steps.publish import Table
from pipelines.steps.transform import transform_csv

STARTER_SCRIPTS = ("lambdas/start_on_upload.py",)


def build(context: StepContext, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline, and the function that starts it on an upload; call it through `pipelines.catalog`."""
    config = context.config
    uploaded = TextParameter(
        "InputDataUri", config.upload_input_uri, "S3 address below which the CSV files to score lie"
    )
    context = replace(context, parameters=replace(context.parameters, input_data_uri=uploaded))
    checked = check_upload(context)
    scored = score(context, Batch.of(checked), Table.of_uploads(config), transform=transform_csv)
    context.functions.add(
        FunctionCode(
            name="start-on-upload",
            handler="start_on_upload.handler",
            scripts=STARTER_SCRIPTS,
            description=f"Starts {name} for each file that is put below {config.upload_input_uri}",
            environment={
                "PIPELINE_NAME": name,
                "INPUT_URI": config.upload_input_uri,
                "UPLOADS_URI": f"{config.root_uri}/data/uploads",
                "ERRORS_URI": f"{config.root_uri}/errors/uploads",
            },
        )
    )
    return assemble(context, name, description, [checked, *scored])
