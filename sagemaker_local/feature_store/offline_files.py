"""Files of the offline store: which rows go into which, their names, and their bytes."""

from __future__ import annotations

import io
import secrets
import string
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sagemaker_local.feature_store.requests import EXTRA_COLUMNS, PARTITION_KEYS
from sagemaker_local.records.event_time import file_stamp, partition_of
from sagemaker_local.records.feature_group import FeatureGroup, FeatureType
from sagemaker_local.records.feature_record import OfflineFile, OfflineRow

_ALPHANUMERICS = string.ascii_letters + string.digits
_TYPES: Mapping[FeatureType, tuple[pa.DataType, Callable[[str], Any]]] = {
    FeatureType.INTEGRAL: (pa.int64(), int),
    FeatureType.FRACTIONAL: (pa.float64(), float),
    FeatureType.STRING: (pa.string(), str),
}
_TIME = pa.timestamp("ms")


def assign(
    group: FeatureGroup, written_milliseconds: int, rows: Sequence[OfflineRow]
) -> dict[OfflineFile, list[OfflineRow]]:
    """Give one new file for each hour of the rows' event times.

    Its name is `.../year=2026/month=01/day=31/hour=12/20260131T125959Z_<16 letters and digits>.parquet`, with the
    newest event time in it.
    """
    hours: dict[tuple[str, str, str, str], list[OfflineRow]] = defaultdict(list)
    for row in rows:
        hours[partition_of(row.record.event_milliseconds)].append(row)
    return {
        OfflineFile(_key(group, hour, its_rows), group.name, hour, written_milliseconds): its_rows
        for hour, its_rows in hours.items()
    }


def parquet(group: FeatureGroup, file: OfflineFile, rows: Sequence[OfflineRow]) -> bytes:
    """Write the features in the order of definition, then write_time, api_invocation_time and is_deleted."""
    columns: dict[str, pa.Array] = {}
    for name, feature_type in group.features.items():
        kind, read = _TYPES[feature_type]
        texts = (row.record.values.get(name) for row in rows)
        columns[name] = pa.array([None if text is None else read(text) for text in texts], kind)
    extra = (
        pa.array([file.written_milliseconds] * len(rows), _TIME),
        pa.array([row.invoked_milliseconds for row in rows], _TIME),
        pa.array([row.record.is_deleted for row in rows], pa.bool_()),
    )
    columns.update(zip(EXTRA_COLUMNS, extra, strict=True))
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body)
    return body.getvalue()


def _key(group: FeatureGroup, hour: tuple[str, str, str, str], rows: Sequence[OfflineRow]) -> str:
    newest = file_stamp(max(row.record.event_milliseconds for row in rows))
    suffix = "".join(secrets.choice(_ALPHANUMERICS) for _ in range(16))
    folders = [f"{key}={value}" for key, value in zip(PARTITION_KEYS, hour, strict=True)]
    return group.offline_location.join(*folders, f"{newest}_{suffix}.parquet").key
