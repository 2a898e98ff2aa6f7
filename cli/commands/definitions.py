"""`list`, `definition`, `upsert`, `delete`: pipelines as definitions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rich.table import Table

from cli.confirm import confirm
from cli.context import Context
from cli.executions.start import start_execution

if TYPE_CHECKING:
    from pipelines.built import BuiltPipeline

MAIN_PIPELINE = "batch-inference"
"""What `python pipeline.py --config FILE` upserts and starts."""


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("list", parents=[shared], help="the pipelines of this project")
    command.set_defaults(run=list_pipelines)

    command = commands.add_parser(
        "definition", parents=[shared], help="print a pipeline's definition; needs no network and no AWS settings"
    )
    command.add_argument("pipeline", metavar="P")
    command.set_defaults(run=definition)

    command = commands.add_parser(
        "upsert", parents=[shared], help="upload the code, deploy the functions, create or update the pipeline"
    )
    command.add_argument("pipeline", metavar="P")
    command.set_defaults(run=upsert)

    command = commands.add_parser("delete", parents=[shared], help="delete a pipeline and all its executions")
    command.add_argument("pipeline", metavar="P")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.set_defaults(run=delete)


def list_pipelines(context: Context, _: argparse.Namespace) -> None:
    """Print every pipeline of the catalog with its name on SageMaker."""
    from pipelines import catalog

    table = Table("pipeline", "on SageMaker", "what it does")
    for entry in catalog.entries():
        table.add_row(entry.name, entry.sagemaker_name(context.config), entry.description)
    context.console.print(table)


def definition(context: Context, options: argparse.Namespace) -> None:
    """Print the definition's JSON text."""
    print(build(context, options.pipeline).definition())


def upsert(context: Context, options: argparse.Namespace) -> None:
    """Bring a pipeline, its code and its functions to the state of this checkout."""
    deploy(context, options.pipeline)


def delete(context: Context, options: argparse.Namespace) -> None:
    """Delete the pipeline after a question."""
    name = sagemaker_name(context, options.pipeline)
    if not options.yes:
        confirm(f"Delete the pipeline {name} and all its executions? Models and data stay.", f"{name} was not deleted")
    context.client("sagemaker").delete_pipeline(PipelineName=name)
    context.console.print(f"Deleted {name}. Its models, predictions and tables are untouched.")


def upsert_and_start(context: Context, _: argparse.Namespace) -> int:
    """The short form without a command: upsert and start the main pipeline."""
    deploy(context, MAIN_PIPELINE)
    arn = start_execution(context, MAIN_PIPELINE, {})
    context.console.print(f"Started {arn}")
    context.console.print(f"Follow it: python pipeline.py status {arn.rsplit('/', 1)[-1]}{context.options_text}")
    return 0


def build(context: Context, pipeline: str) -> BuiltPipeline:
    """Build a definition; pure: no network, no credentials.

    Raises:
        UnknownPipeline: with the known names.
    """
    from pipelines import catalog

    return catalog.build(pipeline, context.config)


def deploy(context: Context, pipeline: str) -> BuiltPipeline:
    """Build, upload, deploy and upsert; print what changed."""
    built = build(context, pipeline)
    deploy_built(context, built)
    return built


def deploy_built(context: Context, built: BuiltPipeline) -> None:
    """Upload, deploy and upsert what is built already; print what changed."""
    from pipelines import deployment

    deployment.deploy(built, context.session, report=context.console.print)


def sagemaker_name(context: Context, pipeline: str) -> str:
    """The name that a pipeline of the catalog has on SageMaker.

    Raises:
        UnknownPipeline: with the known names.
    """
    from pipelines import catalog

    return catalog.entry(pipeline).sagemaker_name(context.config)
