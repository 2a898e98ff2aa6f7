"""Errors of boto3 become ours, with what to do next."""

import pytest
from botocore.exceptions import NoCredentialsError

from pipelines.deployment.refusals import translated
from pipelines.errors import RequestRefused
from tests.fakes.aws import client_error


def test_translated_refusal_names_what_was_done_and_why() -> None:
    error = client_error("ValidationException", "Role is bad.", "CreatePipeline")

    expected = r"refused to make it: CreatePipeline answered ValidationException: Role"
    with pytest.raises(RequestRefused, match=expected), translated("make it"):
        raise error


def test_translated_denial_names_the_permission() -> None:
    with pytest.raises(RequestRefused, match="Give your credentials the permission 'PutObject'"), translated("x"):
        raise client_error("AccessDenied", "no", "PutObject")


def test_translated_missing_credentials_says_how_to_look() -> None:
    expected = r"could not be asked to x: Unable to locate credentials.*--local"
    with pytest.raises(RequestRefused, match=expected), translated("x"):
        raise NoCredentialsError


def test_translated_own_bug_passes_through() -> None:
    with pytest.raises(ZeroDivisionError, match="division"), translated("x"):
        _ = 1 / 0
