"""Lambda workers get their function's environment and report their function's own errors."""
# ruff: noqa: SLF001 - MiniStack has no public way to change how workers are started

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

from sagemaker_local.errors import EndpointError
from sagemaker_local.ministack.boot import Ministack
from sagemaker_local.ministack.environment import of_a_lambda_worker

# How the worker reports an exception, and how it reports it here: with its type.
_REPORT = '{"status": "error", "error": str(e), "trace": traceback.format_exc()}'
_REPORT_WITH_TYPE = (
    '{"status": "error", "error": str(e), "trace": traceback.format_exc(), "error_type": type(e).__name__, '
    '"stack": traceback.format_tb(e.__traceback__.tb_next)}'
)


class LambdaWorkers:
    """The replaced parts of MiniStack's Lambda."""

    def __init__(self, ministack: Ministack) -> None:
        self._runtime = ministack.lambda_runtime
        self._functions = ministack.functions
        self._sts = ministack.sts
        self._execute = ministack.functions._execute_function_warm
        self._invoke = ministack.lambda_runtime.Worker.invoke
        # An invocation runs through on one thread; its worker's raw answer is kept for it here.
        self._raw = threading.local()

    def install(self) -> None:
        """Put these functions in the place of MiniStack's.

        Raises:
            EndpointError: MiniStack's worker script is not the one that is patched here.
        """
        script = self._runtime._PYTHON_WORKER_SCRIPT
        if _REPORT not in script:
            raise EndpointError(
                "MiniStack's Lambda worker reports errors in another way than expected. Run `make setup`."
            )
        self._runtime._PYTHON_WORKER_SCRIPT = script.replace(_REPORT, _REPORT_WITH_TYPE)
        self._runtime.subprocess = _CleanSubprocess()
        self._runtime.execution_credentials = self.credentials
        original = self._invoke
        raw = self._raw

        def invoke(worker: Any, *args: Any, **kwargs: Any) -> Any:
            raw.answer = original(worker, *args, **kwargs)
            return raw.answer

        self._runtime.Worker.invoke = invoke
        self._functions._execute_function_warm = self.execute

    def credentials(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Give the session of the function's role that its code runs with."""
        arn, role = str(config.get("FunctionArn", "")), str(config.get("Role", ""))
        digest = hashlib.sha256(f"{arn}:{role}".encode()).hexdigest()
        key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:56], digest[::-1]
        account, role_name = arn.split(":")[4], role.rpartition("/")[2]
        name = str(config.get("FunctionName", "function"))[:64]
        session = {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
            "UserId": f"AROA{digest[:17].upper()}:{name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        }
        self._sts.register_session(key, session)
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}

    def execute(self, function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        """Invoke a function, and name its exception as AWS does: errorType and stackTrace."""
        self._raw.answer = {}
        result: dict[str, Any] = self._execute(function, event, request_id)
        raw = self._raw.answer
        if result.get("error") and raw.get("error_type"):
            result["body"].update(errorType=raw["error_type"], requestId=request_id, stackTrace=raw["stack"])
        return result


class _CleanSubprocess:
    """Stands for the module `subprocess` in MiniStack's worker code; its processes inherit nothing of the endpoint."""

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    @staticmethod
    def Popen(*args: Any, **kwargs: Any) -> subprocess.Popen[str]:  # noqa: N802 - the name it stands for
        """Start a process as subprocess.Popen does, with a cleaned environment."""
        kwargs["env"] = of_a_lambda_worker(kwargs.get("env") or os.environ, os.environ)
        process: subprocess.Popen[str] = subprocess.Popen(*args, **kwargs)
        return process
