"""Errors of AWS, translated: what was refused, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.errors import RequestRefused

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn errors of boto3 into ours.

    Args:
        doing: completes "AWS refused to ...".

    Raises:
        RequestRefused: for every error of boto3.
    """
    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        code = str(found.get("Code", ""))
        advice = (
            f"Give your credentials the permission {error.operation_name!r}."
            if code in _DENIED
            else "Correct the configuration and try again."
        )
        raise RequestRefused(
            f"AWS refused to {doing}: {error.operation_name} answered {code}: {found.get('Message', '')} {advice}"
        ) from error
    except BotoCoreError as error:
        raise RequestRefused(
            f"AWS could not be asked to {doing}: {error}. Check credentials, region and network "
            "(`aws sts get-caller-identity`), or add --local."
        ) from error


def code_of(error: ClientError) -> str:
    """Return the error's code; a HEAD request has only the HTTP status for one."""
    return str(error.response.get("Error", {}).get("Code", ""))
