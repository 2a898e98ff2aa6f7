"""`python pipeline.py`: the parser, made of the command modules, and the one place where errors become exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from cli.commands import (
    backfill,
    data,
    definitions,
    evaluate,
    executions,
    explain,
    logs,
    models,
    publications,
    query,
)
from cli.context import Context
from cli.failures import explain as explain_failure

Run: TypeAlias = Callable[[Context, argparse.Namespace], int | None]
_MODULES = (definitions, executions, backfill, evaluate, logs, models, publications, query, explain, data)


def add_shared_options(parser: argparse.ArgumentParser, *, is_subcommand: bool) -> None:
    """Add --config and --local; a subcommand must not overwrite what stood before it."""
    default = argparse.SUPPRESS if is_subcommand else None
    parser.add_argument(
        "--config",
        action="append",
        type=Path,
        metavar="FILE",
        default=default,
        help="configuration; may be repeated, later files override earlier ones (configs/pipeline_config.yaml)",
    )
    parser.add_argument(
        "--local",
        action="store_true",
        default=argparse.SUPPRESS if is_subcommand else False,
        help="work with the endpoint on this machine, which is started when it is down; no AWS account is touched",
    )


def build_parser() -> argparse.ArgumentParser:
    """Make the parser; each command module adds its own commands."""
    parser = argparse.ArgumentParser(
        prog="pipeline.py",
        description="Define, run and inspect the batch pipelines, on SageMaker or (--local) on this machine.",
        epilog="Without a command: upsert and start the configuration's main pipeline.",
    )
    add_shared_options(parser, is_subcommand=False)
    shared = argparse.ArgumentParser(add_help=False)
    add_shared_options(shared, is_subcommand=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=argparse.ArgumentParser)
    for module in _MODULES:
        module.register(commands, shared)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    parser = build_parser()
    options = parser.parse_args(argv)
    run: Run = getattr(options, "run", None) or definitions.upsert_and_start
    return call(run, options)


def call(run: Run, options: argparse.Namespace) -> int:
    """Run a command's function; every error that a person can act upon becomes one line on standard error."""
    context = Context.from_options(options)
    try:
        code = run(context, options) or 0
        sys.stdout.flush()  # Here, so that a reader who has gone is noticed here and not when Python ends.
        return code
    except KeyboardInterrupt:
        print("Interrupted; nothing was stopped on the other side.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `pipeline.py definition ... | head`: the reader has seen enough; what is left to write goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        text = explain_failure(error, is_local=context.is_local)
        if text is None:
            raise
        print(f"error: {text}", file=sys.stderr)
        return 1
