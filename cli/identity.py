"""Who types the commands."""

from __future__ import annotations

import getpass
import os

from cli.context import Context

_ROOT = ":root"


def caller(context: Context) -> str:
    """The ARN that STS knows the caller by; on this machine, that of a user named as the operating system's."""
    arn: str = context.client("sts").get_caller_identity()["Arn"]
    if context.is_local and arn.endswith(_ROOT):
        # The endpoint has one key for everybody, which STS answers for as the account's root.
        return f"{arn.removesuffix(_ROOT)}:user/{_login_name()}"
    return arn


def short(arn: str) -> str:
    """The part of an ARN that people know each other by: `anna` of a user, `Role/session` of an assumed role."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    return name.rpartition("/")[2] if kind == "user" else name or arn


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container may run under a number that no list of users has.
        return f"uid-{os.getuid()}"
