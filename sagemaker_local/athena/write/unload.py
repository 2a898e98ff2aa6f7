"""UNLOAD (SELECT ...) TO 's3://...' WITH (format = '...')."""

from __future__ import annotations

from sagemaker_local.athena.ddl.cursor import Cursor, only
from sagemaker_local.athena.execution import Action, Execution, Outcome
from sagemaker_local.athena.parameters import bind
from sagemaker_local.athena.syntax import parse
from sagemaker_local.athena.translation import Translation
from sagemaker_local.athena.write.options import (
    check_columns,
    invalid,
    read_options,
    read_properties,
    refuse_other_properties,
    text_of,
)
from sagemaker_local.athena.write.publication import publish, require_empty, target_folder, write_rows
from sagemaker_local.athena.write.rows import Written

_KNOWN = ("format", "compression", "compression_level", "field_delimiter", "partitioned_by")


def plan_unload(sql: str) -> Action:
    """Read UNLOAD; running it writes new files into an empty folder."""
    cursor = Cursor(sql, is_hive=False)
    cursor.expect("UNLOAD")
    start, end = cursor.parenthesized()
    cursor.expect("TO")
    location = cursor.text()
    properties = read_properties(cursor) if cursor.accept("WITH") else {}
    cursor.end()
    query = only(sql, start, end)
    tree = parse(query)
    refuse_other_properties(properties, _KNOWN)
    options = read_options(properties, default_format=None, codec=text_of(properties, "compression"))
    if options.format != "PARQUET" and options.codec != "gzip":
        raise invalid(f"UNLOAD writes {options.format} with GZIP only.")

    def run(execution: Execution) -> Outcome:
        folder = target_folder(location)
        require_empty(execution, folder)

        def checked() -> Translation:
            translation = execution.translated(query, bind(tree, execution.query.parameters))
            check_columns(translation.columns, translation.given_names, options.partitioned_by)
            return translation

        def finish(written: Written) -> None:
            require_empty(execution, folder)
            publish(execution, written, lambda _: folder, options.partitioned_by)

        return write_rows(execution, checked, options, finish)

    return run
