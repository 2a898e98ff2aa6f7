"""awswrangler against the endpoint of the environment: frames into the catalog, queries in all modes, UNLOAD."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from decimal import Decimal
from typing import Any

warnings.simplefilter("ignore")

import awswrangler as wr  # noqa: E402  # it warns while it is imported
import boto3  # noqa: E402
import pandas as pd  # noqa: E402

from tests.acceptance.programs.report import print_report  # noqa: E402

_BUCKET = "awswrangler-lake"
_DATABASE = "awswrangler_lake"
_OUTPUT = f"s3://{_BUCKET}/results/"
_ALL = "SELECT * FROM kinds ORDER BY id"

wr.config.athena_query_wait_polling_delay = 0.05


def _kinds() -> pd.DataFrame:
    moment = datetime(2026, 1, 31, 12, 30, 15, 250_000)  # noqa: DTZ001  # a TIMESTAMP has no zone
    return pd.DataFrame(
        {
            "id": ["a", 'b "quoted", ü', None],
            "whole": pd.Series([1, None, 3], dtype="Int64"),
            "part": [0.5, None, 1e10],
            "is_new": pd.Series([True, False, None], dtype="boolean"),
            "day": [date(2026, 1, 31), None, date(1970, 1, 1)],
            "moment": pd.Series([moment, None, moment]),
            "price": [Decimal("1.50"), None, Decimal("-2.25")],
            "tags": [["x", "y"], None, []],
        }
    )


def _days(first: float, *days: str) -> pd.DataFrame:
    return pd.DataFrame({"score": [first + number for number in range(len(days))], "dt": list(days)})


def _shown(frame: pd.DataFrame) -> dict[str, Any]:
    """Each column as plain values, a missing one as None."""
    return {name: [_plain(value) for value in frame[name].tolist()] for name in frame.columns} | {
        "dtypes": {name: str(kind) for name, kind in frame.dtypes.items()}
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if not isinstance(value, list) and pd.isna(value) else value


def _read(sql: str, **options: Any) -> pd.DataFrame:
    return wr.athena.read_sql_query(sql, database=_DATABASE, s3_output=_OUTPUT, **options)


def write() -> dict[str, Any]:
    """Write a table of every kind of column."""
    boto3.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    wr.catalog.create_database(_DATABASE)
    done = wr.s3.to_parquet(
        _kinds(), path=f"s3://{_BUCKET}/kinds/", dataset=True, database=_DATABASE, table="kinds", compression="gzip"
    )
    return {"files": len(done["paths"]), "types": wr.catalog.get_table_types(_DATABASE, "kinds")}


def csv() -> dict[str, Any]:
    """Read with neither CTAS nor UNLOAD: the result's CSV file."""
    return _shown(_read("SELECT id, whole, part, is_new, day, moment, price FROM kinds", ctas_approach=False))


def ctas() -> dict[str, Any]:
    """Read through a temporary table; it is gone afterwards."""
    frame = _read(_ALL, ctas_approach=True)
    return {**_shown(frame), "tables": [table["Name"] for table in wr.catalog.get_tables(database=_DATABASE)]}


def unload_mode() -> dict[str, Any]:
    """Read through UNLOAD."""
    frame = wr.athena.read_sql_query(
        _ALL, _DATABASE, ctas_approach=False, unload_approach=True, s3_output=f"s3://{_BUCKET}/unload-mode/"
    )
    return _shown(frame)


def empty() -> dict[str, Any]:
    """Read no rows in the modes that can say the columns of nothing."""
    sql = "SELECT id, whole FROM kinds WHERE id = 'nobody'"
    frames = {"csv": _read(sql, ctas_approach=False), "ctas": _read(sql, ctas_approach=True)}
    return {mode: [list(frame.columns), len(frame)] for mode, frame in frames.items()}


def chunks() -> dict[str, Any]:
    """Read in chunks of a fixed number of rows."""
    sql = "SELECT n FROM UNNEST(sequence(1, 5)) AS t (n) ORDER BY n"
    return {
        "csv": [len(frame) for frame in _read(sql, ctas_approach=False, chunksize=2)],
        "ctas": [len(frame) for frame in _read(sql, ctas_approach=True, chunksize=2)],
    }


def parameters() -> dict[str, Any]:
    """Pass values as awswrangler pastes them, and as Athena takes them."""
    sql = "SELECT whole FROM kinds WHERE id = {}"
    named = _read(sql.format(":id"), params={"id": "a"}, paramstyle="named", ctas_approach=False)
    marked = _read(sql.format("?"), params=["'a'"], paramstyle="qmark", ctas_approach=False)
    return {"named": named["whole"].tolist(), "qmark": marked["whole"].tolist()}


def unload() -> dict[str, Any]:
    """Unload to Parquet, partitioned, and read the files."""
    path = f"s3://{_BUCKET}/unloaded/"
    sql = "SELECT id, whole, coalesce(CAST(day AS varchar), 'none') AS day FROM kinds"
    done = wr.athena.unload(sql, path, _DATABASE, partitioned_by=["day"])
    frame = wr.s3.read_parquet(path, dataset=True, path_ignore_suffix=["-manifest.csv", ".metadata"])
    frame = frame.sort_values("whole", na_position="last")
    return {
        "state": done.raw_payload["Status"]["State"],
        "whole": frame["whole"].tolist()[:2],
        "days": sorted(frame["day"].astype(str)),
    }


def partitions() -> dict[str, Any]:
    """Append to days, then overwrite one of them."""
    target = {
        "path": f"s3://{_BUCKET}/scores/",
        "dataset": True,
        "database": _DATABASE,
        "table": "scores",
        "partition_cols": ["dt"],
    }
    wr.s3.to_parquet(_days(1, "2026-01-01", "2026-01-02"), mode="append", **target)
    wr.s3.to_parquet(_days(10, "2026-01-02"), mode="append", **target)
    sql = "SELECT dt, sum(score) AS score FROM scores GROUP BY dt ORDER BY dt"
    appended = _read(sql, ctas_approach=False)
    wr.s3.to_parquet(_days(100, "2026-01-02", "2026-01-03"), mode="overwrite_partitions", **target)
    overwritten = _read(sql, ctas_approach=True)
    found = wr.catalog.get_parquet_partitions(_DATABASE, "scores", expression="dt > '2026-01-01'")
    return {
        "appended": dict(zip(appended["dt"], appended["score"].tolist(), strict=True)),
        "overwritten": dict(zip(overwritten["dt"], overwritten["score"].tolist(), strict=True)),
        "partitions": sorted(value for values in found.values() for value in values),
    }


def catalog() -> dict[str, Any]:
    """Read the catalog in every way."""
    columns = wr.catalog.table(database=_DATABASE, table="scores")
    return {
        "databases": _DATABASE in wr.catalog.databases()["Database"].tolist(),
        "tables": sorted(wr.catalog.tables(database=_DATABASE)["Table"]),
        "columns": columns[["Column Name", "Type", "Partition"]].to_numpy().tolist(),
        "location": wr.catalog.get_table_location(_DATABASE, "scores"),
        "exists": [wr.catalog.does_table_exist(_DATABASE, name) for name in ("scores", "nothing")],
        "searched": {
            where: [table["Name"] for table in wr.catalog.get_tables(database=_DATABASE, **{f"name_{where}": text})]
            for where, text in (("prefix", "sc"), ("suffix", "ds"), ("contains", "ind"))
        },
        "classification": wr.catalog.get_table_parameters(_DATABASE, "scores")["classification"],
        "shown": wr.athena.show_create_table("scores", database=_DATABASE, s3_output=_OUTPUT),
    }


def describe() -> dict[str, Any]:
    """Describe a table through Athena, repair one, and drop it through the catalog."""
    described = wr.athena.describe_table("scores", database=_DATABASE, s3_output=_OUTPUT)
    repaired = wr.athena.repair_table("scores", database=_DATABASE, s3_output=_OUTPUT)
    deleted = wr.catalog.delete_table_if_exists(_DATABASE, "scores")
    return {
        "described": described.iloc[:, :2].to_numpy().tolist(),
        "repaired": repaired,
        "deleted": [deleted, wr.catalog.delete_table_if_exists(_DATABASE, "scores")],
    }


def create_ctas() -> dict[str, Any]:
    """Make a table of a query and wait for it."""
    done = wr.athena.create_ctas_table(
        "SELECT id, whole FROM kinds WHERE whole IS NOT NULL",
        database=_DATABASE,
        ctas_table="made",
        s3_output=f"s3://{_BUCKET}/made/",
        storage_format="parquet",
        write_compression="snappy",
        wait=True,
    )
    return {
        "state": done["ctas_query_metadata"].raw_payload["Status"]["State"],
        "whole": sorted(_read("SELECT whole FROM made", ctas_approach=False)["whole"].tolist()),
    }


def evolve() -> dict[str, Any]:
    """Append rows with a column more, then overwrite the table."""
    target = {"path": f"s3://{_BUCKET}/evolved/", "dataset": True, "database": _DATABASE, "table": "evolved"}
    wr.s3.to_parquet(pd.DataFrame({"id": ["a"]}), mode="append", **target)
    wr.s3.to_parquet(pd.DataFrame({"id": ["b"], "more": [2]}), mode="append", **target)
    evolved = _read("SELECT id, more FROM evolved ORDER BY id", ctas_approach=False)
    wr.s3.to_parquet(pd.DataFrame({"id": ["c"]}), mode="overwrite", **target)
    return {
        "evolved": [[row[0], _plain(row[1])] for row in evolved.to_numpy().tolist()],
        "overwritten": wr.athena.read_sql_table("evolved", _DATABASE, s3_output=_OUTPUT)["id"].tolist(),
    }


def projected() -> dict[str, Any]:
    """Write a table whose partitions are projected, and read it without registered ones."""
    settings = {
        "projection_types": {"dt": "date"},
        "projection_ranges": {"dt": "2026-01-01,2026-01-31"},
        "projection_formats": {"dt": "yyyy-MM-dd"},
    }
    wr.s3.to_parquet(
        _days(1, "2026-01-01", "2026-01-02"),
        path=f"s3://{_BUCKET}/projected/",
        dataset=True,
        database=_DATABASE,
        table="projected",
        partition_cols=["dt"],
        athena_partition_projection_settings=settings,
    )
    frame = _read("SELECT score FROM projected WHERE dt = '2026-01-02'", ctas_approach=False)
    return {"scores": frame["score"].tolist()}


def text() -> dict[str, Any]:
    """Write a table of CSV files and read it."""
    frame = pd.DataFrame({"id": ["a", "b"], "whole": [1, 2]})
    wr.s3.to_csv(frame, path=f"s3://{_BUCKET}/text/", dataset=True, database=_DATABASE, table="text_rows", index=False)
    return {"rows": _read("SELECT id, whole FROM text_rows ORDER BY id", ctas_approach=False).to_numpy().tolist()}


def defaults() -> dict[str, Any]:
    """Query without a place for results, then again within the cache's time."""
    options: dict[str, Any] = {"ctas_approach": False, "athena_cache_settings": {"max_cache_seconds": 900}}
    first, again = (wr.athena.read_sql_query("SELECT 'kept' AS x", _DATABASE, **options) for _ in range(2))
    return {
        "bucket": first.query_metadata["ResultConfiguration"]["OutputLocation"].split("/")[2],
        "same": first.query_metadata["QueryExecutionId"] == again.query_metadata["QueryExecutionId"],
        "rows": again["x"].tolist(),
    }


def failure() -> dict[str, Any]:
    """Fail with the service's reason."""
    try:
        _read("SELECT nothing FROM kinds", ctas_approach=False)
    except wr.exceptions.QueryFailed as error:
        return {"message": str(error)}
    return {}


if __name__ == "__main__":
    print_report(
        {
            "write": write,
            "csv": csv,
            "ctas": ctas,
            "unload_mode": unload_mode,
            "empty": empty,
            "chunks": chunks,
            "parameters": parameters,
            "unload": unload,
            "partitions": partitions,
            "catalog": catalog,
            "describe": describe,
            "create_ctas": create_ctas,
            "evolve": evolve,
            "projected": projected,
            "text": text,
            "defaults": defaults,
            "failure": failure,
        }
    )
