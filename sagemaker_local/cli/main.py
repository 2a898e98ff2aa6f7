"""`python -m sagemaker_local`: parse, call, print, set the exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sagemaker_local.errors import EndpointError
from sagemaker_local.settings import DEFAULT_PORT, DEFAULT_REGION, Settings

Serve = Callable[[Settings], None]

_NOT_RUNNING = 3

# Everything that an endpoint puts into its root; `reset` removes these and nothing else.
_STATE = (
    "state", "s3", "s3-staging", "work", "tmp",
    "endpoint.json", "endpoint.token", "endpoint.log", "endpoint.log.1", "endpoint.starting", "endpoint.lock",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None, serve: Serve | None = None) -> int:
    """Run one command and give the exit code.

    Args:
        arguments: the command line without the program's name; None for this process's own.
        serve: what `up --foreground` runs; None for the endpoint's composition.
    """
    parsed = _parser().parse_args(arguments)
    try:
        settings = _settings(parsed)
        code: int = parsed.command(parsed, settings, serve)
    except EndpointError as error:
        # Heavier than a parser: only once something is to be done.
        from sagemaker_local.cli.process import ERROR_MARK, EXIT_CODES

        print(f"{ERROR_MARK}{error}", file=sys.stderr)
        return EXIT_CODES.get(type(error), 1)
    return code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, help="state folder (SAGEMAKER_LOCAL_ROOT, default .sagemaker_local)")
    parser = argparse.ArgumentParser(prog="python -m sagemaker_local", description="AWS on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", parents=[common], help="start the endpoint, unless it runs")
    up.add_argument("--port", type=int, help=f"port (SAGEMAKER_LOCAL_PORT, default {DEFAULT_PORT})")
    up.add_argument("--region", help=f"AWS region (SAGEMAKER_LOCAL_REGION, default {DEFAULT_REGION})")
    up.add_argument("--foreground", action="store_true", help="run here until Ctrl-C")
    up.set_defaults(command=_up)
    down = commands.add_parser("down", parents=[common], help="stop the endpoint; its state stays")
    down.set_defaults(command=_down)
    status = commands.add_parser("status", parents=[common], help="say whether it runs, and where")
    status.set_defaults(command=_status)
    env = commands.add_parser("env", parents=[common], help='print settings for a shell: eval "$(... env)"')
    env.set_defaults(command=_env)
    outbox = commands.add_parser("outbox", parents=[common], help="show the mails that SNS would have sent")
    outbox.add_argument("--json", action="store_true", dest="is_json", help="as a list of JSON objects")
    outbox.add_argument("--limit", type=_count, metavar="N", help="only the newest N; the newest stands last")
    outbox.set_defaults(command=_outbox)
    reset = commands.add_parser("reset", parents=[common], help="stop the endpoint and delete its state")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    reset.set_defaults(command=_reset)
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of mails; give 1 or more")
    return int(text)


def _settings(parsed: argparse.Namespace) -> Settings:
    try:
        settings = Settings.resolve(
            root=parsed.root, port=getattr(parsed, "port", None), region=getattr(parsed, "region", None)
        )
    except ValueError as error:
        raise EndpointError(
            f"SAGEMAKER_LOCAL_PORT is not a number ({error}). Set it to a free port, or unset it."
        ) from error
    if not 0 < settings.port < 65536:
        raise EndpointError(
            f"The port '{settings.port}' is not between 1 and 65535. Choose a free one, for example 4599."
        )
    return settings


def _up(parsed: argparse.Namespace, settings: Settings, serve: Serve | None) -> int:
    if parsed.foreground:
        from sagemaker_local.cli.foreground import run_here

        run_here(settings, serve)
        return 0
    from sagemaker_local.cli.endpoint import ensure_up, find

    endpoint = find(settings)
    # Without --region whatever runs is fine; with it the region must match.
    if endpoint is None or parsed.region is not None:
        endpoint = ensure_up(settings)
    if parsed.port is not None and not endpoint.url.endswith(f":{parsed.port}"):
        raise EndpointError(
            f"The endpoint runs at {endpoint.url} already, not on port {parsed.port}. Run `down` first to move it."
        )
    print(endpoint.url)
    return 0


def _down(_parsed: argparse.Namespace, settings: Settings, _serve: Serve | None) -> int:
    from sagemaker_local.cli.process import stop

    print("stopped" if stop(settings.root) else "was not running")
    return 0


def _status(_parsed: argparse.Namespace, settings: Settings, _serve: Serve | None) -> int:
    from sagemaker_local.cli.endpoint import find

    endpoint = find(settings)
    if endpoint is None:
        print(f"not running (root {settings.root})")
        return _NOT_RUNNING
    print(f"running at {endpoint.url} (process {endpoint.pid})")
    print(f"region  {endpoint.region}\naccount {endpoint.account_id}")
    print(f"root    {endpoint.root}\nlog     {settings.log_path}")
    return 0


def _env(_parsed: argparse.Namespace, settings: Settings, _serve: Serve | None) -> int:
    from sagemaker_local.cli.endpoint import find

    endpoint = find(settings)
    if endpoint is None:
        raise EndpointError("The endpoint does not run. Start it with `python -m sagemaker_local up`.")
    for name in endpoint.removed_names(os.environ):
        print(f"unset {name}")
    for name, value in endpoint.environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _outbox(parsed: argparse.Namespace, settings: Settings, _serve: Serve | None) -> int:
    from sagemaker_local.cli.outbox import shown_mails

    print(shown_mails(settings, limit=parsed.limit, is_json=parsed.is_json))
    return 0


def _reset(parsed: argparse.Namespace, settings: Settings, _serve: Serve | None) -> int:
    from sagemaker_local.cli.process import stop
    from sagemaker_local.cli.state_lock import locked

    if not parsed.yes and not _agrees(f"Delete all pipelines, objects and logs in '{settings.root}'? [y/N] "):
        print("nothing was deleted")
        return 1
    stop(settings.root)
    if not settings.root.exists():
        print("there is nothing to delete")
        return 0
    with locked(settings.root):
        for name in _STATE:
            _remove(settings.root / name)
    with contextlib.suppress(OSError):  # somebody keeps files of their own in it
        settings.root.rmdir()
    print(f"deleted the state in {settings.root}")
    return 0


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
