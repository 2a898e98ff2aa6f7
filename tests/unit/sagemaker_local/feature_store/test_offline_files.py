"""Files of the offline store: their names and what is in them."""

from __future__ import annotations

import io
import re
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from sagemaker_local.feature_store.offline_files import assign, parquet
from sagemaker_local.feature_store.record_schema import RecordSchema
from sagemaker_local.records.feature_record import OfflineRow
from tests.fakes.feature_store import a_group, record

GROUP = a_group()
SCHEMA = RecordSchema(GROUP)
WRITTEN, INVOKED = 1_769_860_805_000, 1_769_860_801_250


def row(number: int, event_time: str, **values: str) -> OfflineRow:
    return OfflineRow(number, SCHEMA.read(record(f"c{number}", event_time, **values)), INVOKED)


def test_rows_of_one_hour_share_a_file_named_after_the_newest() -> None:
    rows = [row(1, "2026-01-31T12:00:00Z"), row(2, "2026-01-31T12:59:59Z"), row(3, "2026-01-31T13:00:00Z")]

    files = assign(GROUP, WRITTEN, rows)

    keys = sorted((file.key, [row.number for row in its_rows]) for file, its_rows in files.items())
    folder = "features/data/year=2026/month=01/day=31"
    assert [numbers for _, numbers in keys] == [[1, 2], [3]]
    assert re.fullmatch(f"{folder}/hour=12/20260131T125959Z_[a-zA-Z0-9]{{16}}[.]parquet", keys[0][0])
    assert re.fullmatch(f"{folder}/hour=13/20260131T130000Z_[a-zA-Z0-9]{{16}}[.]parquet", keys[1][0])
    assert {file.partition for file in files} == {("2026", "01", "31", "12"), ("2026", "01", "31", "13")}


def test_file_has_the_features_and_then_the_extra_columns() -> None:
    rows = [row(1, "2026-01-31T12:00:00Z", calls="3", fee="2", plan="basic"), row(2, "2026-01-31T12:00:00Z")]
    (file,) = assign(GROUP, WRITTEN, rows)

    table = pq.read_table(io.BytesIO(parquet(GROUP, file, rows)))

    assert table.schema.remove_metadata() == pa.schema(
        {
            "id": pa.string(),
            "event_time": pa.string(),
            "calls": pa.int64(),
            "fee": pa.float64(),
            "plan": pa.string(),
            "write_time": pa.timestamp("ms"),
            "api_invocation_time": pa.timestamp("ms"),
            "is_deleted": pa.bool_(),
        }
    )
    first, second = table.to_pylist()
    assert (first["calls"], first["fee"], first["plan"]) == (3, 2.0, "basic")
    assert (second["calls"], second["fee"], second["plan"], second["is_deleted"]) == (None, None, None, False)
    assert first["write_time"] == datetime(2026, 1, 31, 12, 0, 5)  # noqa: DTZ001  # Parquet has no zone here, as on AWS
    assert second["api_invocation_time"] == datetime(2026, 1, 31, 12, 0, 1, 250_000)  # noqa: DTZ001  # as above
