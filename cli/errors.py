"""Why a command ends without having done what was asked.

CommandError        one line for the person at the terminal; exit code 1
└── UnknownExecution    no execution of that id
"""

from __future__ import annotations


class CommandError(Exception):
    """A command could not do its work; the text says what was refused, what is allowed and what to do next."""


class UnknownExecution(CommandError):
    """No execution of that id."""
