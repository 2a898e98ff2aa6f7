"""DDL: databases, tables, partitions, and what SHOW and DESCRIBE say of them."""

from __future__ import annotations

import pytest

from sagemaker_local.errors import InvalidRequestException
from sagemaker_local.records.query import QueryState, StatementType
from tests.fakes.warehouse import LAZY_SIMPLE, OPEN_CSV, PARQUET, Warehouse

_TABLE = """
CREATE EXTERNAL TABLE IF NOT EXISTS customers (
  `id` string COMMENT 'who', age INT, score decimal(10, 2),
  tags array<string>, place struct<city:string,zip:int>, seen map<string,bigint>)
COMMENT 'all of them'
PARTITIONED BY (dt date, kind varchar(10))
STORED AS PARQUET
LOCATION 's3://lake/customers/'
TBLPROPERTIES ('classification'='parquet')
"""
_TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


def test_database_is_created_shown_and_dropped(warehouse: Warehouse) -> None:
    query = warehouse.run("CREATE DATABASE IF NOT EXISTS Shop COMMENT 'things' WITH DBPROPERTIES ('a'='b')")

    assert query.state is QueryState.SUCCEEDED
    assert (query.statement_type, query.substatement_type) == (StatementType.DDL, "CREATE_DATABASE")
    assert query.output_location == f"s3://results/here/{query.query_id}.txt"
    assert warehouse.objects.read("results", f"here/{query.query_id}.txt") == b""
    assert warehouse.catalog.databases.get("shop").definition == {"Description": "things", "Parameters": {"a": "b"}}
    assert warehouse.lines("SHOW DATABASES") == ["sales", "shop"]
    assert warehouse.lines("SHOW SCHEMAS LIKE 's*p'") == ["shop"]
    assert warehouse.lines("DROP SCHEMA shop") == []
    assert warehouse.lines("SHOW DATABASES") == ["sales"]


def test_database_that_is_there_is_created_again_only_if_not_exists(warehouse: Warehouse) -> None:
    assert warehouse.lines("CREATE SCHEMA IF NOT EXISTS sales") == []
    assert warehouse.failure("CREATE DATABASE sales") == (
        f"{_TASK} AlreadyExistsException(message:Database sales already exists)"
    )


def test_database_with_tables_is_dropped_only_with_cascade(warehouse: Warehouse) -> None:
    warehouse.run(_TABLE)

    assert "InvalidOperationException(message:Database sales is not empty." in warehouse.failure("DROP DATABASE sales")
    assert warehouse.lines("DROP DATABASE sales CASCADE") == []
    assert warehouse.lines("DROP DATABASE IF EXISTS sales") == []
    assert warehouse.failure("DROP DATABASE sales") == (
        "FAILED: SemanticException [Error 10072]: Database does not exist: sales"
    )


def test_table_is_kept_in_the_catalog_as_athena_writes_it(warehouse: Warehouse) -> None:
    assert warehouse.lines(_TABLE) == []

    table = warehouse.catalog.tables.get("sales", "customers")
    assert table.columns == [
        ("id", "string"),
        ("age", "int"),
        ("score", "decimal(10,2)"),
        ("tags", "array<string>"),
        ("place", "struct<city:string,zip:int>"),
        ("seen", "map<string,bigint>"),
    ]
    assert table.partition_keys == [("dt", "date"), ("kind", "varchar(10)")]
    assert table.definition["TableType"] == "EXTERNAL_TABLE"
    assert table.definition["Parameters"]["EXTERNAL"] == "TRUE"
    assert table.definition["Parameters"]["classification"] == "parquet"
    assert table.storage["SerdeInfo"] == {
        "SerializationLibrary": PARQUET,
        "Parameters": {"serialization.format": "1"},
    }
    assert table.storage["InputFormat"].endswith("MapredParquetInputFormat")


def test_table_that_is_there_is_created_again_only_if_not_exists(warehouse: Warehouse) -> None:
    warehouse.run(_TABLE)

    assert warehouse.lines(_TABLE) == []
    assert "AlreadyExistsException(message:Table sales.customers already exists" in warehouse.failure(
        _TABLE.replace("IF NOT EXISTS", "")
    )


@pytest.mark.parametrize(
    ("row_format", "serde", "parameters"),
    [
        ("", LAZY_SIMPLE, {"serialization.format": "1"}),
        (
            (
                r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'"
                r" NULL DEFINED AS 'none'"
            ),
            LAZY_SIMPLE,
            {
                "field.delim": "\t",
                "serialization.format": "\t",
                "escape.delim": "\\",
                "line.delim": "\n",
                "serialization.null.format": "none",
            },
        ),
        (
            f"ROW FORMAT SERDE '{OPEN_CSV}' WITH SERDEPROPERTIES ('separatorChar'=';', 'quoteChar'='\"')",
            OPEN_CSV,
            {"separatorChar": ";", "quoteChar": '"'},
        ),
    ],
)
def test_row_format_names_the_serde_and_its_parameters(
    warehouse: Warehouse, row_format: str, serde: str, parameters: dict[str, str]
) -> None:
    assert (
        warehouse.lines(f"CREATE EXTERNAL TABLE t (a int) {row_format} STORED AS TEXTFILE LOCATION 's3://lake/t/'")
        == []
    )

    found = warehouse.catalog.tables.get("sales", "t").storage["SerdeInfo"]
    assert found == {"SerializationLibrary": serde, "Parameters": parameters}


def test_created_text_table_is_read(warehouse: Warehouse) -> None:
    warehouse.text("t/a.csv", "a;b\n1;x\n2;y\n")
    warehouse.run(
        "CREATE EXTERNAL TABLE t (n int, s string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ';'"
        " LOCATION 's3://lake/t/' TBLPROPERTIES ('skip.header.line.count'='1')"
    )

    assert warehouse.rows("SELECT sum(n), max(s) FROM t") == [["3", "y"]]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE EXTERNAL TABLE t (a int)", "expecting LOCATION"),
        ("CREATE EXTERNAL TABLE t (a row(b int)) LOCATION 's3://lake/'", "expecting a type of Hive"),
        ("CREATE EXTERNAL TABLE t (a nonsense) LOCATION 's3://lake/'", "line 1:28: mismatched input 'nonsense'"),
        ("CREATE EXTERNAL TABLE t (a int LOCATION 's3://lake/'", "mismatched input"),
        ("DROP TABLE t u", "line 1:14: mismatched input 'u': expecting the end"),
        ("ALTER TABLE t ADD PARTITION (dt 1)", "expecting ="),
        ("SHOW PARTITIONS", "expecting a name"),
    ],
)
def test_malformed_ddl_is_refused_at_the_start(warehouse: Warehouse, sql: str, message: str) -> None:
    with pytest.raises(InvalidRequestException, match=message):
        warehouse.start(sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE EXTERNAL TABLE t (a int) STORED AS ORC LOCATION 's3://lake/'", "STORED AS ORC"),
        ("CREATE EXTERNAL TABLE t (a int) CLUSTERED BY (a) INTO 2 BUCKETS LOCATION 's3://lake/'", "CLUSTERED BY"),
        ("ALTER TABLE t RENAME TO u", "ALTER TABLE ... RENAME"),
        ("DESCRIBE FORMATTED t", "DESCRIBE FORMATTED"),
        ("ALTER TABLE t DROP PARTITION (dt > '1')", "The comparison '>'"),
    ],
)
def test_part_of_ddl_that_is_not_supported_fails_by_name(warehouse: Warehouse, sql: str, message: str) -> None:
    reason = warehouse.failure(sql)

    assert reason.startswith("NOT_SUPPORTED: ")
    assert message in reason


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE EXTERNAL TABLE t (a int, A string) LOCATION 's3://lake/'", "Duplicate column name: a"),
        ("CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (a int) LOCATION 's3://lake/'", "Duplicate column name: a"),
        ("CREATE EXTERNAL TABLE t (a int) LOCATION '/tmp/'", "is not like s3://bucket/folder/"),
        ("CREATE EXTERNAL TABLE nope.t (a int) LOCATION 's3://lake/'", "Database does not exist: nope"),
        ("DROP TABLE nope", "[Error 10001]: Table not found sales.nope"),
        ("DESCRIBE nope", "[Error 10001]: Table not found sales.nope"),
        ("SHOW TABLES IN nope", "[Error 10072]: Database does not exist: nope"),
        ("SHOW PARTITIONS plain", "Table sales.plain is not a partitioned table"),
        ("ALTER TABLE plain ADD COLUMNS (a int)", "Duplicate column name: a"),
    ],
)
def test_ddl_that_cannot_be_done_fails_in_hives_words(warehouse: Warehouse, sql: str, message: str) -> None:
    warehouse.table("plain", {"a": "int"})

    reason = warehouse.failure(sql)

    assert reason.startswith("FAILED: ")
    assert message in reason


def test_dropped_table_is_gone_and_its_files_stay(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "int"})
    warehouse.parquet("t/a.parquet", {"a": [1]})

    assert warehouse.lines("DROP TABLE t") == []
    assert warehouse.lines("DROP TABLE IF EXISTS t") == []
    assert warehouse.lines("SHOW TABLES") == []
    assert warehouse.objects.keys("lake") == ["t/a.parquet"]


def test_partitions_are_added_shown_and_dropped(warehouse: Warehouse) -> None:
    warehouse.run(_TABLE)

    added = (
        "ALTER TABLE customers ADD IF NOT EXISTS PARTITION (dt='2026-01-31', kind='a/b')"
        " PARTITION (kind = 'b', dt = '2026-01-31') LOCATION 's3://lake/elsewhere/'"
        " PARTITION (dt='2026-02-01', kind='a')"
    )
    assert warehouse.lines(added) == []
    assert warehouse.lines(added) == []
    assert warehouse.lines("SHOW PARTITIONS customers") == [
        "dt=2026-01-31/kind=a%2Fb",
        "dt=2026-01-31/kind=b",
        "dt=2026-02-01/kind=a",
    ]
    locations = [
        part.storage["Location"] for part in warehouse.catalog.partitions.page("sales", "customers").partitions
    ]
    assert locations == [
        "s3://lake/customers/dt=2026-01-31/kind=a%2Fb",
        "s3://lake/elsewhere/",
        "s3://lake/customers/dt=2026-02-01/kind=a",
    ]
    assert warehouse.lines("ALTER TABLE customers DROP PARTITION (dt='2026-01-31')") == []
    assert warehouse.lines("SHOW PARTITIONS customers") == ["dt=2026-02-01/kind=a"]


def test_partitions_of_one_statement_are_added_all_or_none(warehouse: Warehouse) -> None:
    warehouse.run(_TABLE)
    warehouse.run("ALTER TABLE customers ADD PARTITION (dt='2026-01-31', kind='a')")

    reason = warehouse.failure(
        "ALTER TABLE customers ADD PARTITION (dt='2026-02-01', kind='a') PARTITION (dt='2026-01-31', kind='a')"
    )

    assert "AlreadyExistsException(message:Partition" in reason
    assert warehouse.lines("SHOW PARTITIONS customers") == ["dt=2026-01-31/kind=a"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ADD PARTITION (dt='2026-01-31')", "doesn't contain all (2) partition columns"),
        ("ADD PARTITION (dt='2026-01-31', age=1)", "Non-Partition column appears in the partition specification: age"),
        ("DROP PARTITION (dt='1999-01-01')", "[Error 10006]: Partition not found (dt = '1999-01-01')"),
    ],
)
def test_partition_that_does_not_fit_is_refused(warehouse: Warehouse, spec: str, message: str) -> None:
    warehouse.run(_TABLE)

    assert message in warehouse.failure(f"ALTER TABLE customers {spec}")


def test_repair_registers_folders_that_are_named_like_partitions(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "bigint"}, keys={"y": "int", "kind": "string"})
    for key in ("y=2020/kind=x", "y=2021/kind=a%2Fb", "Y=2022/kind=x", "y=2023", "y=2024/kind=1%3A2"):
        warehouse.parquet(f"t/{key}/part.parquet", {"a": [1]})

    lines = warehouse.lines("MSCK REPAIR TABLE t")

    assert lines == [
        "Partitions not in metastore:\tt:y=2020/kind=x\tt:y=2021/kind=a%2Fb",
        "Repair: Added partition to metastore t:y=2020/kind=x",
        "Repair: Added partition to metastore t:y=2021/kind=a%2Fb",
    ]
    assert warehouse.lines("MSCK REPAIR TABLE t") == []
    assert warehouse.rows("SELECT y, kind, a FROM t ORDER BY y") == [["2020", "x", "1"], ["2021", "a/b", "1"]]


def test_added_column_is_null_in_older_files(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "bigint"})
    warehouse.parquet("t/a.parquet", {"a": [1]})

    assert warehouse.lines("ALTER TABLE t ADD COLUMNS (b string COMMENT 'new', c double)") == []

    assert warehouse.rows("SELECT * FROM t") == [["1", "", ""]]


def test_properties_are_set_and_shown(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "int"}, parameters={"x": "1", "y": "2"})

    assert warehouse.lines("ALTER TABLE t SET TBLPROPERTIES ('y'='3', 'z'='4')") == []

    assert warehouse.lines("SHOW TBLPROPERTIES t") == ["x\t1", "y\t3", "z\t4"]
    assert warehouse.lines("SHOW TBLPROPERTIES t ('y')") == ["3"]
    assert warehouse.lines("SHOW TBLPROPERTIES t('q')") == ["Table sales.t does not have property: q"]


def test_describe_shows_columns_then_partition_keys(warehouse: Warehouse) -> None:
    warehouse.run("CREATE EXTERNAL TABLE t (a int COMMENT 'x') PARTITIONED BY (dt string) LOCATION 's3://lake/t/'")

    assert warehouse.lines("DESCRIBE t") == [
        "a                   \tint                 \tx                   ",
        "dt                  \tstring              \t                    ",
        "\t \t ",
        "# Partition Information\t \t ",
        "# col_name          \tdata_type           \tcomment             ",
        "\t \t ",
        "dt                  \tstring              \t                    ",
    ]
    query = warehouse.run("DESC sales.t")
    assert [column.name for column in query.columns] == ["col_name", "data_type", "comment"]
    assert query.statement_type is StatementType.UTILITY


def test_columns_are_shown_with_partition_keys_last(warehouse: Warehouse) -> None:
    warehouse.table("t", {"a": "int"}, keys={"dt": "string"})

    assert warehouse.lines("SHOW COLUMNS IN sales.t") == ["a".ljust(20), "dt".ljust(20)]
    assert warehouse.lines("SHOW COLUMNS FROM t IN sales") == ["a".ljust(20), "dt".ljust(20)]


def test_tables_are_shown_by_hives_patterns(warehouse: Warehouse) -> None:
    for name in ("orders", "customers", "orders_2"):
        warehouse.table(name, {"a": "int"})

    assert warehouse.lines("SHOW TABLES IN sales 'orders*'") == ["orders", "orders_2"]
    assert warehouse.lines("SHOW TABLES 'customers|orders'") == ["customers", "orders"]


def test_shown_statement_makes_the_same_table_again(warehouse: Warehouse) -> None:
    warehouse.run(_TABLE)
    before = warehouse.catalog.tables.get("sales", "customers").definition
    shown = warehouse.lines("SHOW CREATE TABLE sales.customers")

    warehouse.run("DROP TABLE customers")
    assert warehouse.lines("\n".join(shown)) == []

    assert warehouse.catalog.tables.get("sales", "customers").definition == before
    assert shown[:4] == [
        "CREATE EXTERNAL TABLE `sales.customers`(",
        "  `id` string COMMENT 'who', ",
        "  `age` int, ",
        "  `score` decimal(10,2), ",
    ]


def test_shown_statement_keeps_delimiters_that_cannot_be_seen(warehouse: Warehouse) -> None:
    warehouse.run(
        r"CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\001' ESCAPED BY '\\'"
        " LOCATION 's3://lake/t/'"
    )
    before = warehouse.catalog.tables.get("sales", "t").definition
    shown = warehouse.lines("SHOW CREATE TABLE t")

    warehouse.run("DROP TABLE t")
    warehouse.run("\n".join(shown))

    assert warehouse.catalog.tables.get("sales", "t").definition == before


def test_context_database_may_stand_in_hives_quotes(warehouse: Warehouse) -> None:
    warehouse.run("CREATE EXTERNAL TABLE t (a int) LOCATION 's3://lake/t/'")

    query = warehouse.run("DESCRIBE `t`;", database="`sales`")

    assert query.state is QueryState.SUCCEEDED
