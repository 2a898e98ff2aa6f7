"""Partition projection: partitions from a table's parameters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.fakes.warehouse import Warehouse


def projected(warehouse: Warehouse, keys: Mapping[str, str], **parameters: str) -> None:
    named = {f"projection.{key.replace('__', '.')}": value for key, value in parameters.items()}
    template = named.pop("projection.template", None)
    if template is not None:
        named["storage.location.template"] = template
    warehouse.table("t", {"n": "bigint"}, keys=keys, parameters={"projection.enabled": "true", **named})


def fill(warehouse: Warehouse, *folders: str) -> None:
    for number, folder in enumerate(folders, 1):
        warehouse.parquet(f"{folder}/part", {"n": [number]})


def test_enum_and_integers_make_partitions(warehouse: Warehouse) -> None:
    projected(
        warehouse,
        {"kind": "string", "y": "int"},
        kind__type="enum",
        kind__values="a, b",
        y__type="integer",
        y__range="1,3",
        y__digits="2",
    )
    fill(warehouse, "t/kind=a/y=01", "t/kind=b/y=03", "t/kind=c/y=01", "t/kind=a/y=04")

    assert warehouse.rows("SELECT n, kind, y FROM t ORDER BY n") == [["1", "a", "1"], ["2", "b", "3"]]
    assert warehouse.rows("SELECT n FROM t WHERE kind = 'b' AND y > 1") == [["2"]]
    assert warehouse.rows("SELECT n FROM t WHERE kind IN ('a', 'c')") == [["1"]]
    assert warehouse.rows("SELECT count(*) FROM t WHERE y = 4") == [["0"]]


def test_dates_make_partitions_up_to_now(warehouse: Warehouse) -> None:
    projected(warehouse, {"day": "date"}, day__type="date", day__range="2026-01-30,NOW", day__format="yyyy-MM-dd")
    fill(warehouse, "t/day=2026-01-29", "t/day=2026-01-31", "t/day=2026-02-01")

    assert warehouse.rows("SELECT n, day FROM t ORDER BY n") == [["2", "2026-01-31"], ["3", "2026-02-01"]]
    assert warehouse.rows("SELECT n FROM t WHERE day < DATE '2026-02-01'") == [["2"]]


def test_template_says_where_the_files_are(warehouse: Warehouse) -> None:
    projected(
        warehouse,
        {"hour": "string"},
        hour__type="date",
        hour__range="2026/01/31/00,2026/01/31/23",
        hour__format="yyyy/MM/dd/HH",
        hour__interval="1",
        hour__interval__unit="HOURS",
        template="s3://lake/logs/${hour}",
    )
    fill(warehouse, "logs/2026/01/31/07", "logs/2026/02/01/07")

    assert warehouse.rows("SELECT n, hour FROM t") == [["1", "2026/01/31/07"]]


def test_injected_key_needs_its_value(warehouse: Warehouse) -> None:
    projected(warehouse, {"id": "string"}, id__type="injected")
    fill(warehouse, "t/id=x", "t/id=y", "t/id=z")

    assert warehouse.rows("SELECT n, id FROM t WHERE id = 'y'") == [["2", "y"]]
    assert warehouse.rows("SELECT n FROM t WHERE id IN ('x', 'z') AND id = ?", parameters=("'z'",)) == [["3"]]
    assert warehouse.failure("SELECT n FROM t WHERE id > 'y'").startswith(
        "CONSTRAINT_VIOLATION: For the injected projected partition column id"
    )


def test_registered_partitions_are_ignored_and_shown(warehouse: Warehouse) -> None:
    projected(warehouse, {"kind": "string"}, kind__type="enum", kind__values="a")
    fill(warehouse, "t/kind=a", "t/kind=b")
    warehouse.partition("t", ["b"], "t/kind=b/")

    assert warehouse.rows("SELECT n FROM t") == [["1"]]
    assert warehouse.lines("SHOW PARTITIONS t") == ["kind=b"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {},
            (
                "Table sales.t is configured for partition projection, but the following partition "
                "columns are missing projection configuration: [k]"
            ),
        ),
        ({"k__type": "magic"}, "projection.k.type is 'magic'"),
        ({"k__type": "enum"}, "the parameter projection.k.values is missing"),
        ({"k__type": "integer", "k__range": "7"}, "projection.k.range is '7'"),
        ({"k__type": "integer", "k__range": "1,5", "k__interval": "0"}, "projection.k.interval is '0'"),
        ({"k__type": "integer", "k__range": "0,9999999"}, "projection.k.range has 10000000 values"),
        ({"k__type": "date", "k__range": "NOW,NOW", "k__format": "yyyy-MM-dd HH"}, "k.interval.unit is missing"),
        ({"k__type": "date", "k__range": "x,NOW", "k__format": "yyyy-MM"}, "does not match"),
        ({"k__type": "enum", "k__values": "a", "template": "s3://lake/x/"}, "lacks ${k}"),
    ],
)
def test_wrong_configuration_is_named(warehouse: Warehouse, parameters: dict[str, str], message: str) -> None:
    projected(warehouse, {"k": "string"}, **parameters)

    reason = warehouse.failure("SELECT count(*) FROM t")

    assert reason.startswith("HIVE_METASTORE_ERROR: Table sales.t")
    assert message in reason


def test_insert_into_a_projected_table_is_refused_by_name(warehouse: Warehouse) -> None:
    projected(warehouse, {"k": "string"}, k__type="enum", k__values="a")

    assert "INSERT INTO sales.t, which has partition projection" in warehouse.failure("INSERT INTO t VALUES (1, 'a')")
