"""Turn the errors of AWS, of the definitions and of the endpoint into one line that says what to do next."""

from __future__ import annotations

import re

from cli.errors import CommandError

_NO_CREDENTIALS = (
    "no AWS credentials were found. Add --local to run on this machine without an account, "
    "or sign in (`aws configure`, `aws sso login`) and try again."
)
_A_PIPELINE = re.compile(r"^Pipeline '[^'/]*(?::pipeline/[^'/]*)?' does not exist")
_BY_NAME = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "TokenRetrievalError": _NO_CREDENTIALS,
    "SSOTokenLoadError": _NO_CREDENTIALS,
}
_NO_ANSWER = frozenset({"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"})


def explain(error: Exception, *, is_local: bool) -> str | None:
    """The line for the terminal, or None when the error is a fault of the project and deserves its traceback."""
    if isinstance(error, CommandError):
        return str(error)
    # By module and name, so that a command which never needed boto3 does not import it to report an error.
    kind = type(error)
    if kind.__name__ in _BY_NAME:
        return _BY_NAME[kind.__name__]
    if kind.__module__.startswith(("pipelines.", "sagemaker_local.")):
        return str(error)
    if kind.__name__ in _NO_ANSWER and is_local:
        return "the local endpoint does not answer. `python -m sagemaker_local status` tells its state."
    if kind.__module__ in {"botocore.exceptions", "botocore.errorfactory"}:
        return _service_refusal(error)
    return None


def _service_refusal(error: Exception) -> str:
    response = getattr(error, "response", None)
    if not response:
        return str(error)
    details = response.get("Error", {})
    operation = getattr(error, "operation_name", "the request")
    code, message = details.get("Code", "unknown"), details.get("Message", "")
    # What AWS says of a pipeline that was never upserted; an execution is named by its ARN, which has a slash more.
    hint = (
        " `python pipeline.py upsert P` makes it." if code == "ResourceNotFound" and _A_PIPELINE.match(message) else ""
    )
    return f"{operation} was refused ({code}): {message}{hint}"
