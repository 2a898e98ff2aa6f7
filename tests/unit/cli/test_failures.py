"""Errors of AWS become one line that says what to do next."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cli.failures import explain


def refusal(code: str, message: str, operation: str = "StartPipelineExecution") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize("name", ["churn-end-to-end", "arn:aws:sagemaker:us-west-2:123456789012:pipeline/churn"])
def test_a_pipeline_that_does_not_exist_is_told_with_the_command_that_makes_it(name: str) -> None:
    text = explain(refusal("ResourceNotFound", f"Pipeline '{name}' does not exist."), is_local=False)

    assert text is not None
    assert text.startswith("StartPipelineExecution was refused (ResourceNotFound): Pipeline ")
    assert text.endswith("`python pipeline.py upsert P` makes it.")


def test_an_execution_that_does_not_exist_gets_no_such_hint() -> None:
    arn = "arn:aws:sagemaker:us-west-2:123456789012:pipeline/churn/execution/abc"

    text = explain(refusal("ResourceNotFound", f"Pipeline execution with ARN {arn} does not exist."), is_local=False)

    assert text is not None
    assert "upsert" not in text


def test_missing_credentials_point_to_local() -> None:
    text = explain(NoCredentialsError(), is_local=False)

    assert text is not None
    assert "Add --local" in text


def test_a_fault_of_the_project_keeps_its_traceback() -> None:
    assert explain(KeyError("x"), is_local=True) is None
