"""The rows of a publish: what the transform job answered, held against what was to be scored, in the table's form.

Both are Parquet, or both CSV without a header: id and features to be scored, and id, prediction, probability answered.
"""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from dataset_schema import AuditFailed, find_files, hash_ids, quoted
from publish_plan import Plan

SUFFIX = ".out"
BATCH_SUFFIXES = (".parquet", ".csv")
GROUP_ROWS = 131_072
MAX_FILE_BYTES = 128 << 20


def pair_files(predictions: Path, batch: Path) -> list[tuple[Path, Path]]:
    """Pair each file that was to be scored with what the transform job made of it."""
    inputs, outputs = _by_name(batch, BATCH_SUFFIXES), _by_name(predictions, (SUFFIX,))
    missing, extra = sorted(inputs.keys() - outputs.keys()), sorted(outputs.keys() - inputs.keys())
    if missing or extra:
        raise AuditFailed(
            f"Nothing is published: {len(missing)} files have no predictions [{quoted(missing)}], "
            f"{len(extra)} predictions have no file [{quoted(extra)}]."
        )
    return [(inputs[name], outputs[name]) for name in sorted(inputs)]


def _by_name(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Name files by their path below the deepest folder that has all of them.

    How much of an input's own path Batch Transform repeats in that of its output is not the same in all its documents.
    """
    paths = find_files(folder, suffixes)
    top = os.path.commonpath([path.parent for path in paths])
    return {path.relative_to(top).as_posix().removesuffix(SUFFIX): path for path in paths}


def table_files(
    plan: Plan, pairs: Sequence[tuple[Path, Path]], hashes: list[npt.NDArray[np.uint64]], folder: Path
) -> Iterator[Path]:
    """Write audited rows into files of a size that Athena reads well, and give each when it is whole."""
    sink = writer = None
    for number, (source, scored) in enumerate(pairs):
        rows = audited_rows(plan, source, scored)
        hashes.append(hash_ids(rows.column(0).combine_chunks()))
        if sink is None or writer is None:
            path = folder / f"{number}.parquet"
            sink = pa.OSFile(str(path), "wb")
            writer = pq.ParquetWriter(sink, plan.arrow_schema, use_dictionary=plan.arrow_schema.names[3:])
        for start in range(0, rows.num_rows, GROUP_ROWS):
            writer.write_table(_completed(plan, rows.slice(start, GROUP_ROWS)))
        if sink.tell() >= MAX_FILE_BYTES or number == len(pairs) - 1:
            writer.close()
            sink.close()
            sink = writer = None
            yield path


def write_csv(plan: Plan, pairs: Sequence[tuple[Path, Path]], folder: Path) -> None:
    """Write id, prediction and probability of each scored file as CSV with a header; a missing value is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (source, scored) in enumerate(pairs):
        rows = audited_rows(plan, source, scored)
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(rows.column_names)
        with pa.OSFile(str(folder / f"part-{number:05d}.csv"), "wb") as sink:
            sink.write(header.getvalue().encode())
            pa_csv.write_csv(rows, sink, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))


def audited_rows(plan: Plan, source: Path, scored: Path) -> pa.Table:
    """Return a file's id, prediction and probability, when they are exactly of the rows that were to be scored."""
    names = [plan.schema.id_column, "prediction", "prediction_probability"]
    wanted, table = (_read_csv if source.suffix == ".csv" else _read_parquet)(plan, source, scored)
    if table.column_names != names:
        _refuse(scored, f"has the columns {quoted(table.column_names)}, expected are {quoted(names)}")
    ids = table.column(0).cast(pa.string())
    if not ids.equals(wanted):
        missing, extra = (a.filter(pc.invert(pc.is_in(a, value_set=b))) for a, b in ((wanted, ids), (ids, wanted)))
        if len(missing) or len(extra) or len(ids) != len(wanted):
            _refuse(
                scored,
                f"has {len(ids)} rows for {len(wanted)} to be scored: {len(missing)} ids are missing "
                f"[{quoted(missing.to_pylist())}], {len(extra)} are extra [{quoted(extra.to_pylist())}]",
            )
    if ids.null_count:
        _refuse(scored, f"has {ids.null_count} rows without an id")
    _check_values(plan, table, scored)
    return pa.table([ids, *table.columns[1:]], names=names).cast(pa.schema(list(plan.arrow_schema)[:3]))


def _read_parquet(plan: Plan, source: Path, scored: Path) -> tuple[pa.ChunkedArray, pa.Table]:
    """Return the ids that were to be scored, and the answer as it is."""
    try:
        wanted = pq.ParquetFile(source).read([plan.schema.id_column]).column(0).cast(pa.string())
        return wanted, pq.ParquetFile(scored).read()
    except pa.ArrowInvalid as error:
        _refuse(scored, f"cannot be read ({error}); let the transform job answer in application/x-parquet")


def _read_csv(plan: Plan, source: Path, scored: Path) -> tuple[pa.ChunkedArray, pa.Table]:
    """Return the ids that were to be scored, and the answer in the table's types; an empty field is a missing value."""
    try:
        return _csv_table(source, {"f0": pa.string()}).column(0), _scored_csv(plan, scored)
    except pa.ArrowInvalid as error:
        _refuse(
            scored,
            f"cannot be read ({error}); let the transform job answer in text/csv without a header, id, prediction and "
            "probability on each line",
        )


def _scored_csv(plan: Plan, scored: Path) -> pa.Table:
    types = {field.name: field.type for field in list(plan.arrow_schema)[:3]}
    return _csv_table(scored, types, names=list(types))


def _csv_table(path: Path, types: dict[str, pa.DataType], names: list[str] | None = None) -> pa.Table:
    """Read these columns; without names they are f0, f1 and so on."""
    if not path.stat().st_size:
        return pa.schema(list(types.items())).empty_table()
    return pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(column_names=names, autogenerate_column_names=names is None),
        convert_options=pa_csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=[""], strings_can_be_null=True
        ),
    )


def _check_values(plan: Plan, table: pa.Table, scored: Path) -> None:
    prediction, probability = table.column("prediction"), table.column("prediction_probability")
    if plan.schema.is_regression:
        bad = pc.invert(pc.is_finite(prediction.cast(pa.float64())).fill_null(False))
    else:
        fine = pc.and_(pc.greater_equal(probability, 0.0), pc.less_equal(probability, 1.0))
        bad = pc.invert(
            pc.and_(fine, pc.is_in(prediction, value_set=pa.array([0, 1]).cast(prediction.type))).fill_null(False)
        )
    if pc.any(bad).as_py():
        row = table.filter(bad).slice(0, 1).to_pylist()[0]
        allowed = (
            "a finite number" if plan.schema.is_regression else "a prediction of 0 or 1 and a probability in [0, 1]"
        )
        _refuse(scored, f"has {pc.sum(bad).as_py()} invalid rows, the first is {row}; expected is {allowed}")


def _completed(plan: Plan, rows: pa.Table) -> pa.Table:
    constants = (plan.now.replace(tzinfo=None, microsecond=0), plan.model_package_arn, plan.execution_id)
    for kind, value in zip(list(plan.arrow_schema)[3:], constants, strict=True):
        rows = rows.append_column(kind, pa.repeat(pa.scalar(value).cast(kind.type), rows.num_rows))
    return rows


def check_unique(plan: Plan, pairs: Sequence[tuple[Path, Path]], hashes: npt.NDArray[np.uint64]) -> None:
    """Refuse an id that occurs twice, given the hashes that do.

    Two ids may share a hash: only the ids themselves tell.
    """
    places: dict[str, str] = {}
    for source, scored in pairs:
        ids = _ids(plan, source, scored).combine_chunks()
        for index in np.flatnonzero(np.isin(hash_ids(ids), hashes)):
            name = ids[int(index)].as_py()
            if name in places:
                _refuse(scored, f"has the id {name!r}, which {places[name]!r} has too")
            places[name] = scored.name


def _ids(plan: Plan, source: Path, scored: Path) -> pa.ChunkedArray:
    """Return the ids of an audited answer."""
    if source.suffix == ".csv":
        return _scored_csv(plan, scored).column(0)
    return pq.ParquetFile(scored).read([plan.schema.id_column]).column(0).cast(pa.string())


def _refuse(scored: Path, reason: str) -> NoReturn:
    raise AuditFailed(f"Nothing is published: file {scored.name!r} {reason}.")
