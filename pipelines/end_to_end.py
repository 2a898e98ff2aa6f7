"""The end-to-end pipeline: train and register a model, then score and publish with the latest approved one."""

from __future__ import annotations

from pipelines.built import BuiltPipeline, LambdaFunction
from pipelines.code import read_scripts, zip_archive
from pipelines.config import PipelineConfig
from pipelines.sdk import Pipeline
from pipelines.steps import latest_approved_model as model_lookup
from pipelines.steps.context import StepContext
from pipelines.steps.create_model import create_model
from pipelines.steps.evaluate import evaluate
from pipelines.steps.gate import gate
from pipelines.steps.latest_approved_model import latest_approved_model
from pipelines.steps.preprocess import preprocess
from pipelines.steps.processing import output_of
from pipelines.steps.publish import publish
from pipelines.steps.query_features import query_features
from pipelines.steps.register import register
from pipelines.steps.train import train
from pipelines.steps.transform import transform


def build(config: PipelineConfig, name: str, description: str) -> BuiltPipeline:
    """Build the pipeline; call it through `pipelines.catalog`, which makes the world around it quiet and offline."""
    context = StepContext.of(config)

    queried = [query_features(context)] if config.data_source == "feature_store" else []
    raw = output_of(queried[0], "raw") if queried else context.parameters.input_data_uri
    preprocessed = preprocess(context, raw)
    trained = train(context, preprocessed)
    evaluated = evaluate(context, preprocessed, trained)
    registered = register(context, trained, evaluated, raw)
    gated = gate(context, evaluated, if_passed=[registered])
    # From here on the scoring, whatever the gate said.
    found = latest_approved_model(context, gated)
    created = create_model(context, found)
    transformed = transform(context, preprocessed, created)
    published = publish(context, preprocessed, found, transformed)

    pipeline = Pipeline(
        name=name,
        parameters=[
            item for item in context.parameters.all() if not queried or item is not context.parameters.input_data_uri
        ],
        steps=[*queried, preprocessed, trained, evaluated, gated, found, created, transformed, published],
        sagemaker_session=context.session,
        pipeline_experiment_config=None,
    )
    return BuiltPipeline(
        name=name,
        description=description,
        config=config,
        sagemaker=pipeline,
        text=pipeline.definition(),
        artifacts=context.artifacts.collected(),
        functions=(_model_lookup_function(config),),
    )


def _model_lookup_function(config: PipelineConfig) -> LambdaFunction:
    settings = config.functions
    return LambdaFunction(
        name=model_lookup.function_name(config),
        handler=model_lookup.HANDLER,
        role_arn=config.function_role_arn,
        archive=zip_archive(read_scripts(model_lookup.SCRIPTS)),
        description=f"Finds the newest usable version of {config.model_package_group}",
        timeout_seconds=settings.timeout_seconds,
        memory_mb=settings.memory_mb,
    )
