from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest

from sagemaker_local.store.documents import dump, dump_time, load, load_time

NOON = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)


def test_document_with_times_at_any_depth_comes_back_equal() -> None:
    document = {"a": [1, 2.5, None, True, {"time": NOON}], "b": {"ü": "😀"}}

    assert load(dump(document)) == document


def test_document_of_any_mapping_comes_back_as_dicts() -> None:
    assert load(dump(MappingProxyType({"a": MappingProxyType({"b": 1})}))) == {"a": {"b": 1}}


def test_time_in_another_zone_is_written_in_utc() -> None:
    local = datetime(2026, 1, 31, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    assert dump_time(local) == "2026-01-31T12:00:00.000000+00:00"
    assert load_time(dump_time(local)) == local


def test_times_sort_as_their_texts() -> None:
    times = [NOON, NOON.replace(microsecond=0), NOON + timedelta(microseconds=1), NOON - timedelta(days=400)]

    assert [load_time(text) for text in sorted(map(dump_time, times))] == sorted(times)


def test_document_with_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="A set cannot be kept"):
        dump({"a": {1, 2}})
