"""Brings finished files to S3, all or none, and says in a manifest which they are."""

from __future__ import annotations

import secrets
import string
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sagemaker_local.athena.execution import Execution, Outcome
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.result_file import metadata
from sagemaker_local.athena.translation import Translation
from sagemaker_local.athena.write.options import WriteOptions
from sagemaker_local.athena.write.rows import RowWriter, Written, relative_key
from sagemaker_local.errors import NoSuchBucket, ValidationException
from sagemaker_local.records.query import ResultColumn
from sagemaker_local.records.s3_uri import S3Uri

_ROWS = ResultColumn("rows", "bigint", 19)


def _file_prefix(submitted: datetime) -> str:
    """`20260131_120000_00001_abcde`: what AWS begins the names of a query's files with."""
    letters = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(5))
    return f"{submitted.astimezone(UTC):%Y%m%d_%H%M%S}_{secrets.randbelow(100_000):05d}_{letters}"


def target_folder(location: str) -> S3Uri:
    """The folder of an S3 address, with a slash at its end.

    Raises:
        QueryError: it is no S3 address.
    """
    try:
        uri = S3Uri.parse(location)
    except ValidationException as error:
        raise QueryError("INVALID_TABLE_PROPERTY", str(error)) from error
    return S3Uri(uri.bucket, f"{uri.key.rstrip('/')}/" if uri.key else "")


def require_empty(execution: Execution, folder: S3Uri) -> None:
    """Check that nothing is in the target.

    Raises:
        QueryError: something is, or there is no such bucket.
    """
    try:
        found = execution.resources.objects.list(folder.bucket, folder.key)
    except NoSuchBucket as error:
        raise QueryError("HIVE_METASTORE_ERROR", f"The bucket '{folder.bucket}' does not exist.") from error
    if found:
        raise QueryError(
            "HIVE_PATH_ALREADY_EXISTS",
            f"Target directory already exists: {folder}. Use another location, or remove what is there.",
        )


def publish(
    execution: Execution,
    written: Written,
    folders: Callable[[tuple[str, ...]], S3Uri],
    keys: Sequence[str] = (),
    register: Callable[[], None] = lambda: None,
) -> None:
    """Put the files, then register them; when something fails, what was put is taken away.

    Args:
        execution: the running statement.
        written: the files.
        folders: where the files of a partition belong; () is the target itself.
        keys: partition keys; with them, files go to `key=value/` folders below `folders(())`.
        register: the changes of the catalog.
    """
    targets = [
        folders(()).join(relative_key(file, keys)) if keys else folders(file.partition).join(file.name)
        for file in written.files
    ]
    execution.note_targets([str(target) for target in _all_of(execution, targets)])
    try:
        _put_files(execution, [file.path for file in written.files], targets)
        _store_result(execution, targets)
        execution.check_not_stopped()
        # Once the catalog knows the files, a restart must not take them away.
        with execution.resources.catalog.partitions.together():
            register()
            execution.note_targets([])
    except BaseException:
        for target in _all_of(execution, targets):
            execution.resources.objects.delete(target.bucket, [target.key])
        raise


def _put_files(execution: Execution, paths: Sequence[Path], targets: Sequence[S3Uri]) -> None:
    """Put several at a time; at the end, also of a failure, none is under way."""

    def put(path: Path, target: S3Uri) -> None:
        execution.check_not_stopped()
        execution.resources.objects.put_file(target.bucket, target.key, path, "application/octet-stream")

    pool = ThreadPoolExecutor(execution.resources.threads, thread_name_prefix="athena-put")
    try:
        list(pool.map(put, paths, targets))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _all_of(execution: Execution, targets: Sequence[S3Uri]) -> list[S3Uri]:
    """The files with the description and the manifest that belong to them."""
    result = S3Uri.parse(execution.query.output_location)
    return [*targets, *(S3Uri(result.bucket, f"{result.key}{end}") for end in (".metadata", "-manifest.csv"))]


def write_rows(
    execution: Execution,
    translate_it: Callable[[], Translation],
    options: WriteOptions,
    finish: Callable[[Written], None],
    *,
    is_counted: bool = False,
) -> Outcome:
    """Write a query's rows into a working folder and let `finish` publish them.

    Args:
        execution: the running statement.
        translate_it: checks and translates the query.
        options: how files are written.
        finish: brings the files to where they belong.
        is_counted: the statement tells how many rows it wrote into a table.
    """
    with execution.reading(translate_it) as reading, tempfile.TemporaryDirectory(prefix="athena-") as working:
        writer = RowWriter(
            Path(working),
            reading.columns,
            options,
            _file_prefix(execution.query.submitted),
            execution.resources.threads,
        )
        written = writer.write(reading.batches)
        finish(written)
    return Outcome(
        columns=(_ROWS,),
        rows=written.rows,
        scanned_bytes=reading.scanned_bytes,
        planning_milliseconds=reading.planning_milliseconds,
        update_count=written.rows if is_counted else None,
        manifest_location=f"{execution.query.output_location}-manifest.csv",
    )


def nothing_written(execution: Execution) -> Outcome:
    """The result of a statement that finds nothing to do: an empty manifest."""
    _store_result(execution, [])
    return Outcome((_ROWS,), update_count=0, manifest_location=f"{execution.query.output_location}-manifest.csv")


def _store_result(execution: Execution, targets: Sequence[S3Uri]) -> None:
    result, objects = S3Uri.parse(execution.query.output_location), execution.resources.objects
    described = metadata(execution.query.query_id, [_ROWS])
    objects.put(result.bucket, f"{result.key}.metadata", described, "binary/octet-stream")
    lines = "".join(f"{target}\n" for target in targets)
    objects.put(result.bucket, f"{result.key}-manifest.csv", lines.encode(), "text/csv")
