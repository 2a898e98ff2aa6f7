"""PyAthena against the endpoint of the environment: its cursors, and SQLAlchemy with reflection."""

from __future__ import annotations

import functools
import os
import warnings
from typing import Any
from urllib.parse import quote_plus

warnings.simplefilter("ignore")

import boto3  # noqa: E402  # the packages below warn while they are imported
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.fs  # noqa: E402
import sqlalchemy as sa  # noqa: E402
from pyathena import connect  # noqa: E402
from pyathena.arrow.cursor import ArrowCursor  # noqa: E402
from pyathena.async_cursor import AsyncCursor  # noqa: E402
from pyathena.cursor import DictCursor  # noqa: E402
from pyathena.error import OperationalError  # noqa: E402
from pyathena.pandas.cursor import PandasCursor  # noqa: E402

from tests.acceptance.programs.report import print_report  # noqa: E402

_BUCKET = "pyathena-lake"
_DATABASE = "pyathena_lake"
_OUTPUT = f"s3://{_BUCKET}/results/"
_REGION = "us-west-2"
_KINDS = f"""
CREATE TABLE {_DATABASE}.kinds
WITH (format = 'PARQUET', external_location = 's3://{_BUCKET}/kinds/', partitioned_by = ARRAY['dt']) AS
SELECT * FROM (VALUES
    ('a', BIGINT '1', 0.5E0, true, DATE '2026-01-31', TIMESTAMP '2026-01-31 12:30:15.250',
     DECIMAL '1.50', ARRAY[1, 2], MAP(ARRAY['k'], ARRAY[7]), '2026-01-31'),
    ('b "quoted", ü', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-02-01'),
    ('', BIGINT '3', 1E10, false, DATE '1970-01-01', TIMESTAMP '1970-01-01 00:00:00.000',
     DECIMAL '-2.25', ARRAY[], MAP(), '2026-02-01')
) AS t (id, whole, part, is_new, day, moment, price, numbers, pairs, dt)
"""
_ALL = "SELECT id, whole, part, is_new, day, moment, price, numbers, pairs FROM kinds ORDER BY id"
_FLAT = "SELECT id, whole, part, is_new, day, moment, price FROM kinds ORDER BY id"


def _connect(**options: Any) -> Any:
    return connect(s3_staging_dir=_OUTPUT, region_name=_REGION, schema_name=_DATABASE, poll_interval=0.05, **options)


# PyAthena gives pyarrow's file system no endpoint, and pyarrow asks the environment only for addresses.
pa.fs.S3FileSystem = functools.partial(pa.fs.S3FileSystem, endpoint_override=os.environ["AWS_ENDPOINT_URL"])


def _engine(kind: str = "rest") -> sa.Engine:
    return sa.create_engine(
        f"awsathena+{kind}://@athena.{_REGION}.amazonaws.com:443/{_DATABASE}"
        f"?s3_staging_dir={quote_plus(_OUTPUT)}&poll_interval=0.05"
    )


def _shown(frame: pd.DataFrame) -> dict[str, Any]:
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return {"columns": list(frame.columns), "rows": rows, "dtypes": [str(kind) for kind in frame.dtypes]}


def create() -> dict[str, Any]:
    """Make the database and the table that the others read."""
    boto3.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION})
    cursor = _connect().cursor()
    cursor.execute(f"CREATE DATABASE {_DATABASE}")
    cursor.execute(_KINDS)
    return {"kind": [cursor.statement_type, cursor.substatement_type], "rows": cursor.rowcount}


def cursor() -> dict[str, Any]:
    """Read with the plain cursor."""
    cursor = _connect().cursor()
    cursor.execute(_ALL)
    return {
        "description": [list(column[:2]) for column in cursor.description],
        "rows": cursor.fetchall(),
        "scanned": cursor.data_scanned_in_bytes,
        "states": [cursor.state, cursor.output_location.startswith(_OUTPUT)],
    }


def pages() -> dict[str, Any]:
    """Read more rows than a page has."""
    cursor = _connect().cursor()
    cursor.arraysize = 7
    cursor.execute("SELECT n FROM UNNEST(sequence(1, 20)) AS t (n) ORDER BY n")
    return {"first": cursor.fetchmany(), "all": len([*cursor])}


def dictionaries() -> dict[str, Any]:
    """Read rows as dictionaries, with parameters of both styles."""
    cursor = _connect(cursor_class=DictCursor).cursor()
    pasted = cursor.execute("SELECT whole FROM kinds WHERE id = %(id)s", {"id": "a"}).fetchall()
    marked = cursor.execute("SELECT whole FROM kinds WHERE id = ?", ["'a'"], paramstyle="qmark").fetchall()
    return {"pasted": pasted, "marked": marked}


def statements() -> dict[str, Any]:
    """Read what statements answer that are not queries of rows."""
    cursor = _connect().cursor()
    asked = {
        "tables": "SHOW TABLES",
        "databases": f"SHOW DATABASES LIKE '{_DATABASE}'",
        "partitions": "SHOW PARTITIONS kinds",
        "describe": "DESCRIBE kinds",
        "create": "SHOW CREATE TABLE kinds",
        "explain": "EXPLAIN SELECT id FROM kinds",
    }
    answers: dict[str, Any] = {name: cursor.execute(sql).fetchall() for name, sql in asked.items()}
    cursor.execute("INSERT INTO kinds (id, whole, dt) VALUES ('new', 9, '2026-03-01')")
    answers["inserted"] = cursor.rowcount
    answers["found"] = cursor.execute("SELECT whole, dt FROM kinds WHERE id = 'new'").fetchall()
    cursor.execute("ALTER TABLE kinds DROP PARTITION (dt = '2026-03-01')")
    return answers


def pandas() -> dict[str, Any]:
    """Read frames from the result's CSV file and from UNLOAD's Parquet files."""
    connection = _connect(cursor_class=PandasCursor)
    chunks = connection.cursor(chunksize=2).execute("SELECT n FROM UNNEST(sequence(1, 5)) AS t (n)").as_pandas()
    return {
        "csv": _shown(connection.cursor().execute(_FLAT).as_pandas()),
        "unload": _shown(connection.cursor(unload=True).execute(_FLAT).as_pandas()),
        "empty": _shown(connection.cursor().execute("SELECT id, whole FROM kinds WHERE id = 'nobody'").as_pandas()),
        "chunks": [len(chunk) for chunk in chunks],
    }


def arrow() -> dict[str, Any]:
    """Read Arrow tables from the result's CSV file and from UNLOAD's Parquet files."""
    connection = _connect(cursor_class=ArrowCursor)
    csv = connection.cursor().execute(_FLAT).as_arrow()
    unloaded = connection.cursor(unload=True).execute(_ALL).as_arrow()
    return {
        "csv": csv.to_pylist(),
        "csv_types": [str(kind) for kind in csv.schema.types],
        "unload": unloaded.to_pylist(),
        "unload_types": [str(kind) for kind in unloaded.schema.types],
    }


def several() -> dict[str, Any]:
    """Ask several queries at once."""
    cursor = _connect(cursor_class=AsyncCursor).cursor()
    asked = [cursor.execute(f"SELECT {number} AS n") for number in range(4)]
    return {"rows": [future.result().fetchall() for _, future in asked]}


def reuse() -> dict[str, Any]:
    """Give the result of the same query again without running it."""
    cursor = _connect().cursor()
    first = cursor.execute("SELECT 'reused' AS x", cache_size=10).query_id
    return {"same": cursor.execute("SELECT 'reused' AS x", cache_size=10).query_id == first}


def failure() -> dict[str, Any]:
    """Fail with the service's reason."""
    try:
        _connect().cursor().execute("SELECT nothing FROM kinds")
    except OperationalError as error:
        return {"message": str(error)}
    return {}


def engine() -> dict[str, Any]:
    """Read through SQLAlchemy: text, expressions, and frames."""
    with _engine().connect() as connection:
        kinds = sa.Table("kinds", sa.MetaData(), autoload_with=connection)
        counted = sa.select(kinds.c.dt, sa.func.count().label("n")).group_by(kinds.c.dt).order_by(kinds.c.dt)
        chosen = sa.select(kinds.c.id, kinds.c.day).where(kinds.c.day > sa.bindparam("day", type_=sa.Date))
        return {
            "counted": [tuple(row) for row in connection.execute(counted)],
            "chosen": [tuple(row) for row in connection.execute(chosen, {"day": pd.Timestamp("2000-01-01").date()})],
            "frame": _shown(
                pd.read_sql(sa.text("SELECT id, whole FROM kinds WHERE id = :id"), connection, params={"id": "a"})
            ),
            "limited": connection.execute(sa.select(kinds.c.id).order_by(kinds.c.id).offset(1).limit(1)).scalar_one(),
        }


def frames() -> dict[str, Any]:
    """Read frames through SQLAlchemy's PandasCursor and ArrowCursor dialects."""
    answers = {}
    for kind in ("pandas", "arrow"):
        with _engine(kind).connect() as connection:
            frame = pd.read_sql(sa.text("SELECT id, whole FROM kinds ORDER BY id"), connection)
            answers[kind] = frame["id"].fillna("").tolist()
    return answers


def inspection() -> dict[str, Any]:
    """Look at the catalog through SQLAlchemy."""
    with _engine().connect() as connection:
        connection.execute(sa.text("CREATE OR REPLACE VIEW kinds_view AS SELECT id, whole FROM kinds"))
    inspector = sa.inspect(_engine())
    return {
        "schemas": _DATABASE in inspector.get_schema_names(),
        "tables": inspector.get_table_names(),
        "views": inspector.get_view_names(),
        "columns": {column["name"]: str(column["type"]) for column in inspector.get_columns("kinds")},
        "partition": [
            column["name"]
            for column in inspector.get_columns("kinds")
            if column["dialect_options"]["awsathena_partition"]
        ],
        "view_columns": [column["name"] for column in inspector.get_columns("kinds_view")],
        "view": inspector.get_view_definition("kinds_view"),
        "location": inspector.get_table_options("kinds")["awsathena_location"],
        "exists": [inspector.has_table(name) for name in ("kinds", "nothing")],
    }


def tables() -> dict[str, Any]:
    """Create, fill and drop a table through SQLAlchemy and pandas."""
    engine = _engine()
    frame = pd.DataFrame({"id": ["x", "y"], "whole": [1, 2]})
    options: dict[str, Any] = {"awsathena_location": f"s3://{_BUCKET}/made/", "awsathena_file_format": "PARQUET"}
    made = sa.Table("made", sa.MetaData(), sa.Column("id", sa.String), sa.Column("whole", sa.BigInteger), **options)
    with engine.connect() as connection:
        made.create(connection)
        connection.execute(made.insert(), frame.to_dict("records"))
        rows = [tuple(row) for row in connection.execute(sa.select(made).order_by(made.c.id))]
        made.drop(connection)
    return {"rows": rows, "exists": sa.inspect(engine).has_table("made")}


if __name__ == "__main__":
    print_report(
        {
            "create": create,
            "cursor": cursor,
            "pages": pages,
            "dictionaries": dictionaries,
            "statements": statements,
            "pandas": pandas,
            "arrow": arrow,
            "several": several,
            "reuse": reuse,
            "failure": failure,
            "engine": engine,
            "frames": frames,
            "inspection": inspection,
            "tables": tables,
        }
    )
