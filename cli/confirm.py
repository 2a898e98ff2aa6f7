"""The question before something is deleted."""

from __future__ import annotations

from cli.errors import CommandError


def confirm(question: str, kept: str) -> None:
    """Ask, and go on only after a yes.

    Args:
        question: without its answers.
        kept: what is told when nothing is deleted, such as "x was not deleted".

    Raises:
        CommandError: any other answer, or nobody there to give one.
    """
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise CommandError(f"{kept}: there is no terminal to ask at. Add --yes.") from None
    if answer.strip().lower() not in {"y", "yes"}:
        raise CommandError(f"{kept}. Answer y, or add --yes.")
