"""Imports MiniStack once per process, with its settings in the environment first and its patched functions checked."""

from __future__ import annotations

import importlib
import inspect
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from sagemaker_local.errors import EndpointError
from sagemaker_local.ministack.environment import is_of_the_user, settings_of_ministack
from sagemaker_local.ministack.s3_files import finish_writes
from sagemaker_local.settings import Settings

VERSION = "1.5.33"

# Every function that this package replaces or calls, with the parameters it had in the pinned version. A release that
# moves one of them must stop the start: a patch that no longer applies would lose data without a word.
_SIGNATURES: Mapping[str, Mapping[str, str]] = {
    "app": {
        "app": "scope receive send",
        "_build_persistence_save_dict": "",
        "_get_module": "name",
        "_load_persisted_state": "",
    },
    "core.persistence": {"save_state": "service data", "_state_format_version": "service", "_json_default": "obj"},
    "core.responses": {"request_scope": "account_id region", "md5_hash": "data"},
    "core.lambda_runtime": {"execution_credentials": "config"},
    "services.s3": {
        "_dispatch": "method bucket key headers body query_params",
        "_get_object": "bucket_name key headers query_params",
        "_put_object": "bucket_name key body headers",
        "_delete_object": "bucket_name key headers query_params",
        "_read_body": "bucket_name key obj",
        "_version_body": "bucket bucket_name key v",
        "_version_entry_from_record": "obj version_id data",
        "_persist_object": "bucket key obj",
        "_fire_s3_event_async": "bucket_name key event_name",
        "_fire_s3_event": "bucket_name key event_name size etag deletion_type restore_event_data version_id",
        "_persist_displaced_version": "bucket_name key prior_obj versioning",
        "_object_disk_path": "bucket key account_id",
        "_version_disk_path": "bucket key version_id account_id",
        "_object_meta_from_record": "obj",
        "_key_history_meta": "bucket_name key",
        "_remove_key_files": "fpath",
        "_other_key_disk_path": "base key fpath",
        "_parse_range": "range_header total",
        "_error": "code message status resource",
        "md5_hash": "data",
    },
    "services.cloudwatch_logs": {
        "get_state": "",
        "load_persisted_state": "data",
        "_create_log_group": "data",
        "_create_log_stream": "data",
        "_put_log_events": "data",
        "_append_log_events": "stream events",
        "_build_log_record": "ptr timestamp_ms message log_group log_stream",
    },
    "services.lambda_svc": {
        "_execute_function_warm": "func event request_id",
        "handle_request": "method path headers body query_params",
    },
    "services.eventbridge": {"_dispatch_event": "event"},
    "services.sns": {
        "handle_request": "method path headers body query_params",
        "_error": "code message status",
        "_fanout": "topic_arn msg_id message subject message_structure message_attributes",
        "_topic_by_arn_any_scope": "topic_arn",
        "_resolve_message_for_protocol": "message message_structure protocol",
        "_matches_filter_policy": "sub message_attributes message",
        "_build_envelope": "topic_arn msg_id message subject message_attributes raw",
    },
    "services.sts": {"register_session": "access_key session"},
}


@dataclass(frozen=True, slots=True)
class Ministack:
    """The modules of MiniStack that this package works with; untyped, as MiniStack publishes no types."""

    app: Any
    persistence: Any
    responses: Any
    lambda_runtime: Any
    s3: Any
    logs: Any
    functions: Any
    events: Any
    sns: Any
    sts: Any


_served: Path | None = None


def load(settings: Settings) -> Ministack:
    """Import MiniStack for these settings; once in the life of a process.

    Raises:
        EndpointError: MiniStack is missing, is another version, or was loaded in this process before.
    """
    global _served  # noqa: PLW0603 - MiniStack keeps its state in its modules, so there is one per process
    if _served is not None:
        raise EndpointError(
            f"This process serves '{_served}' already, and one process serves one state folder. "
            f"Start a process of its own for '{settings.root}'."
        )
    _check_version()
    _prepare_folders(settings)
    _prepare_environment(settings)
    finish_writes(settings.s3_path)
    _served = settings.root
    modules = _import()
    _check_signatures()
    return modules


def _check_version() -> None:
    try:
        found = metadata.version("ministack")
    except metadata.PackageNotFoundError as error:
        raise EndpointError("The package 'ministack' is not installed. Run `make setup`.") from error
    if found != VERSION:
        raise EndpointError(
            f"The package 'ministack' is version '{found}', but this endpoint is made for {VERSION}. Run `make setup`."
        )


def _prepare_folders(settings: Settings) -> None:
    settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The root may be a folder that others may look into; what the endpoint keeps is its user's alone.
    for folder in (settings.database_path.parent, settings.ministack_path, settings.s3_path):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    # Lambda workers of an earlier process leave their unpacked code behind.
    shutil.rmtree(settings.scratch_path, ignore_errors=True)
    settings.scratch_path.mkdir(mode=0o700)


def _prepare_environment(settings: Settings) -> None:
    for name in [name for name in os.environ if is_of_the_user(name)]:
        del os.environ[name]
    os.environ.update(settings_of_ministack(settings))
    tempfile.tempdir = None  # computed anew from TMPDIR
    # MiniStack calls logging.basicConfig when it is imported; a root logger that has a handler is left as it is.
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.StreamHandler())


def _import() -> Ministack:
    app = importlib.import_module("ministack.app")
    # Through MiniStack's own loader, so that its list of loaded modules (what it saves at the end) knows them.
    service = app._get_module  # noqa: SLF001 - the only way in
    return Ministack(
        app=app,
        persistence=importlib.import_module("ministack.core.persistence"),
        responses=importlib.import_module("ministack.core.responses"),
        lambda_runtime=importlib.import_module("ministack.core.lambda_runtime"),
        s3=service("s3"),
        logs=service("cloudwatch_logs"),
        functions=service("lambda_svc"),
        events=service("eventbridge"),
        sns=service("sns"),
        sts=service("sts"),
    )


def _check_signatures() -> None:
    for module_name, functions in _SIGNATURES.items():
        module = importlib.import_module(f"ministack.{module_name}")
        for name, expected in functions.items():
            check_signature(module, name, tuple(expected.split()))


def check_signature(module: Any, name: str, expected: tuple[str, ...]) -> None:
    """Refuse a module whose function is gone or takes other parameters first than `expected`.

    Raises:
        EndpointError: naming the function.
    """
    function = getattr(module, name, None)
    parameters = tuple(inspect.signature(function).parameters)[: len(expected)] if callable(function) else None
    if parameters != expected:
        found = "is missing" if parameters is None else f"takes {parameters}"
        raise EndpointError(
            f"MiniStack's function '{module.__name__}.{name}' {found}, but is patched here as taking {expected}. "
            f"Install ministack {VERSION} (`make setup`)."
        )
