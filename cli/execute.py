"""`python execute_pipeline.py`: upsert, start, follow to the end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.commands import definitions
from cli.context import Context
from cli.executions import follow
from cli.executions.start import start_execution
from cli.main import add_shared_options, call
from cli.parameters import parse


def build_parser() -> argparse.ArgumentParser:
    """Make the parser."""
    parser = argparse.ArgumentParser(
        prog="execute_pipeline.py",
        description="Upsert a pipeline, start it and follow it to its end; exit code 0 only when it succeeded.",
    )
    parser.add_argument(
        "pipeline", nargs="?", default=definitions.MAIN_PIPELINE, metavar="P", help=definitions.MAIN_PIPELINE
    )
    parser.add_argument("--param", action="append", default=[], metavar="Name=Value", help="a pipeline parameter")
    add_shared_options(parser, is_subcommand=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the door and return the exit code."""
    return call(run, build_parser().parse_args(argv))


def run(context: Context, options: argparse.Namespace) -> int:
    """Upsert, start and follow."""
    parameters = parse(options.param)
    definitions.deploy(context, options.pipeline)
    arn = start_execution(context, options.pipeline, parameters)
    context.console.print(f"Started {arn}")
    return follow.to_the_end(context, arn)
