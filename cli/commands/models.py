"""`models`, `approve`, `reject`, `rollback`, `pin`, `unpin`: the versions in the registry, and which one scores."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cli.context import Context
from cli.errors import CommandError
from cli.registry import decisions, model_packages, pins, scoring, texts, version_table
from cli.registry.model_packages import Version

_MOST = 20


def register(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands of this module."""
    command = commands.add_parser("models", parents=[shared], help="the registered model versions, newest first")
    command.add_argument("--last", type=_count, default=_MOST, metavar="N", help=f"so many of the newest ({_MOST})")
    command.add_argument("--json", action="store_true", help="for machines: one JSON document with everything")
    command.set_defaults(run=list_models)
    _add(commands, shared, "approve", approve, "approve a version: the highest approved one scores", has_version=True)
    _add(commands, shared, "reject", reject, "reject a version", has_version=True)
    _add(commands, shared, "rollback", rollback, "reject the version that scores: the approved one before it scores")
    _add(commands, shared, "pin", pin, "let one version score, whatever is approved later", has_version=True)
    command = commands.add_parser("unpin", parents=[shared], help="let the highest approved version score again")
    command.set_defaults(run=unpin)


def _add(
    commands: Any,
    shared: argparse.ArgumentParser,
    name: str,
    run: Callable[[Context, argparse.Namespace], None],
    text: str,
    *,
    has_version: bool = False,
) -> None:
    command = commands.add_parser(name, parents=[shared], help=text)
    if has_version:
        command.add_argument("version", type=int, metavar="VERSION")
    command.add_argument("--note", default="", help="why; kept in the registry")
    command.set_defaults(run=run)


def list_models(context: Context, options: argparse.Namespace) -> None:
    """Print every version: how good it is, who decided about it when and why, what it scored, and which scores now."""
    versions = model_packages.versions(context)
    chosen = scoring.now(context, versions)
    lines = version_table.read_lines(context, versions[: options.last])
    if options.json:
        print(json.dumps(version_table.document(context, lines, chosen), indent=2))
        return
    if not versions:
        context.console.print(f"The model package group {context.config.model_package_group} has no versions yet.")
        return
    context.console.print(version_table.table(context, lines, chosen, datetime.now(UTC)))
    for text in version_table.remarks(lines):
        context.console.print(text, markup=False)
    if len(versions) > len(lines):
        context.console.print(f"{len(versions) - len(lines)} earlier versions not shown, raise --last")
    context.console.print(chosen.sentence("now"), markup=False)


def approve(context: Context, options: argparse.Namespace) -> None:
    """Approve a version."""
    version = model_packages.version(context, options.version)
    decided = decisions.decide(context, version, decisions.APPROVED, options.note, datetime.now(UTC))
    _say(context, f"Version {version.number} of {context.config.model_package_group}: {decisions.APPROVED}.", decided)


def reject(context: Context, options: argparse.Namespace) -> None:
    """Reject a version, unless it is pinned."""
    version = model_packages.version(context, options.version)
    pinned = pins.find(context)
    if pinned is not None and pinned.version == str(version.number):
        raise CommandError(
            f"version {version.number} is pinned, and nothing could score once it is rejected: "
            f"`{_command(context, 'unpin')}` or `{_command(context, 'pin VERSION')}` first."
        )
    decided = decisions.decide(context, version, decisions.REJECTED, options.note, datetime.now(UTC))
    _say(context, f"Version {version.number} of {context.config.model_package_group}: {decisions.REJECTED}.", decided)


def rollback(context: Context, options: argparse.Namespace) -> None:
    """Reject the version that scores, so that the approved one before it does."""
    group, status = context.config.model_package_group, context.config.model_approval_status
    pinned = pins.find(context)
    if pinned is not None:
        raise CommandError(
            f"nothing was rolled back: version {pinned.version} of {group} is pinned and scores whatever is approved. "
            f"`{_command(context, 'pin VERSION')}` chooses another one, `{_command(context, 'unpin')}` comes first."
        )
    approved = scoring.candidates(context, model_packages.versions(context))
    if len(approved) < 2:
        has = f"version {approved[0].number} is the only one" if approved else "there is none"
        raise CommandError(
            f"nothing was rolled back: a rollback needs two versions of {group} that are {status}, and {has}. "
            f"`{_command(context, 'approve VERSION')}` approves another one, `{_command(context, 'models')}` lists all."
        )
    newest, before = approved[:2]
    why = scoring.refusal(context, before)
    if why is not None:
        raise CommandError(
            f"nothing was rolled back: version {before.number} of {group} would score then, but {why}. "
            f"Put it back, or `{_command(context, f'reject {before.number}')}` first: then the one before it would."
        )
    note = options.note or f"rolled back to version {before.number}"
    decided = decisions.decide(context, newest, decisions.REJECTED, note, datetime.now(UTC))
    _say(context, f"Version {newest.number} of {group}: {decisions.REJECTED} ({note}).", decided)


def pin(context: Context, options: argparse.Namespace) -> None:
    """Let one version score until it is unpinned."""
    version = model_packages.version(context, options.version)
    why = scoring.refusal(context, version)
    if why is not None:
        raise CommandError(
            f"version {version.number} was not pinned: {why}. Pin one that can score: "
            f"`{_command(context, 'models')}` lists them, `{_command(context, 'approve VERSION')}` approves one."
        )
    pins.put(context, version, texts.tag(options.note), datetime.now(UTC))
    _say(context, f"Version {version.number} of {context.config.model_package_group} is pinned.")


def unpin(context: Context, _: argparse.Namespace) -> None:
    """Let the highest approved version score again."""
    pinned = pins.find(context)
    if pinned is None:
        _say(context, f"No version of {context.config.model_package_group} is pinned; nothing was changed.")
        return
    pins.remove(context)
    _say(context, f"Version {pinned.version} of {context.config.model_package_group} is not pinned any more.")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is refused: a whole number from 1 is allowed")
    return int(text)


def _say(context: Context, done: str, decided: Version | None = None) -> None:
    """Print what was done, then which version scores from now on."""
    context.console.print(done, markup=False)
    # AWS's list may still have the status of a moment ago.
    versions = [
        decided if decided is not None and decided.number == version.number else version
        for version in model_packages.versions(context)
    ]
    context.console.print(scoring.now(context, versions).sentence(), markup=False)


def _command(context: Context, words: str) -> str:
    return f"python pipeline.py {words}{context.options_text}"
