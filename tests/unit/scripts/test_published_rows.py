import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from dataset_schema import DataRefused, Schema
from publish import publish
from publish_plan import Mode
from published_rows import PublishedDay

from tests.fakes.datasets import SMALL
from tests.fakes.glue import FakeGlue, error
from tests.fakes.publishing import NOW, plan_of, predictions_of, scored
from tests.fakes.s3 import FakeS3


class Lake:
    """A table that publish.py made."""

    def __init__(self, folder: Path, mode: Mode = Mode.REPLACE_PARTITION) -> None:
        self.folder, self.mode = folder, mode
        self.s3, self.glue = FakeS3(), FakeGlue()

    def publish(self, day: str, execution: str = "run-1", hours: int = 0, model: str = "arn:model/1") -> None:
        scored(self.folder)
        now = NOW + timedelta(hours=hours)
        plan = plan_of(
            self.folder,
            execution=execution,
            day=date.fromisoformat(day),
            mode=self.mode,
            now=now,
            model_package_arn=model,
        )
        publish(plan, self.s3, self.glue, clock=lambda: now)

    def day(self, day: str = "2026-01-31") -> PublishedDay:
        schema = Schema.from_document(SMALL)
        return PublishedDay(self.s3, self.glue, "scores", "daily", date.fromisoformat(day), schema)

    def runs(self, day: str = "2026-01-31") -> list[list[str]]:
        """The ids of each run."""
        return [[name for rows in run for name in rows.ids.to_pylist()] for run in self.day(day).runs()]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_published_day_is_read_with_its_model_and_execution(lake: Lake) -> None:
    lake.publish("2026-01-30", execution="run-0", model="arn:model/0")
    lake.publish("2026-01-31")
    day = lake.day()

    (rows,) = [list(run) for run in day.runs()]

    assert [name for part in rows for name in part.ids.to_pylist()] == [f"CUST_{number:06d}" for number in range(1, 41)]
    assert rows[0].probabilities.tolist()[:3] == pytest.approx([0.0, 0.01, 0.02])
    assert (day.models, day.executions) == (["arn:model/1"], ["run-1"])


def test_day_that_was_published_again_is_its_newest_run(lake: Lake) -> None:
    lake.publish("2026-01-31")
    lake.publish("2026-01-31", execution="run-2", hours=1)
    day = lake.day()

    assert [len(list(run)) > 0 for run in day.runs()] == [True]
    assert day.executions == ["run-2"]


def test_runs_of_a_table_that_appends_come_newest_first(tmp_path: Path) -> None:
    lake = Lake(tmp_path, Mode.APPEND)
    for execution, hours in (("b", 0), ("c", 2), ("a", 1)):
        lake.publish("2026-01-31", execution=execution, hours=hours, model=f"arn:model/{execution}")
    lake.publish("2026-02-01", execution="d")
    day = lake.day()

    assert [sum(len(rows.ids) for rows in run) for run in day.runs()] == [40, 40, 40]
    assert day.executions == ["c", "a", "b"]
    assert day.models == ["arn:model/c", "arn:model/a", "arn:model/b"]


def test_run_without_a_history_is_as_old_as_its_partition(tmp_path: Path) -> None:
    lake = Lake(tmp_path, Mode.APPEND)
    for execution, hours in (("older", 0), ("newer", 1)):
        lake.publish("2026-01-31", execution=execution, hours=hours)
    partition = lake.glue.partitions["scores", "daily", "2026-01-31", "older"]
    partition["Parameters"] = {}
    partition["CreationTime"] = datetime(2026, 2, 1, tzinfo=UTC)
    day = lake.day()

    list(map(list, day.runs()))

    assert day.executions == ["older", "newer"]


def test_rows_from_before_the_columns_of_their_origin_are_read(lake: Lake) -> None:
    lake.publish("2026-01-31")
    for place in lake.s3.objects:
        sink = io.BytesIO()
        pq.write_table(predictions_of(["CUST_000001"]), sink)
        lake.s3.objects[place] = sink.getvalue()
    day = lake.day()

    assert [len(list(run)) for run in day.runs()] == [len(lake.s3.objects)]
    assert (day.models, day.executions) == ([], [])


def test_files_that_are_no_data_are_passed_over(lake: Lake) -> None:
    lake.publish("2026-01-31")
    bucket, key = next(iter(lake.s3.objects))
    folder = key.rpartition("/")[0]
    lake.s3.objects |= {(bucket, f"{folder}/"): b"", (bucket, f"{folder}/_SUCCESS"): b""}

    assert [len(ids) for ids in lake.runs()] == [40]


def test_day_that_is_not_published_is_refused_with_the_nearest_ones(lake: Lake) -> None:
    for day in ("2026-01-01", "2026-01-27", "2026-01-28", "2026-01-29", "2026-02-01", "2026-02-02"):
        lake.publish(day)
    lake.glue.partitions["scores", "daily", "unknown"] = {"Values": ["unknown"]}

    with pytest.raises(
        DataRefused,
        match=r"scores\.daily has no rows of 2026-01-31; the nearest days that it has are '2026-01-27', '2026-01-28', "
        r"'2026-01-29', '2026-02-01', '2026-02-02'\.",
    ):
        lake.runs()


def test_table_of_no_day_is_refused(lake: Lake) -> None:
    lake.publish("2026-01-31")
    lake.glue.partitions.clear()

    with pytest.raises(DataRefused, match="no rows of 2026-01-31; no day is published yet"):
        lake.runs()


def test_missing_table_is_refused(lake: Lake) -> None:
    with pytest.raises(DataRefused, match=r"Table scores\.daily does not exist: publish a day first"):
        lake.runs()


def test_table_of_other_partition_keys_is_refused(lake: Lake) -> None:
    lake.publish("2026-01-31")
    lake.glue.tables["scores", "daily"]["PartitionKeys"] = [{"Name": "month", "Type": "string"}]

    with pytest.raises(DataRefused, match=r"has the partition keys \['month'\]: allowed are"):
        lake.runs()


def test_run_whose_files_are_gone_is_refused(lake: Lake) -> None:
    lake.publish("2026-01-31")
    lake.s3.objects.clear()

    with pytest.raises(DataRefused, match=r"has no files, and scores\.daily says that 2026-01-31 is there"):
        lake.runs()


def test_file_that_goes_while_it_is_read_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.publish("2026-01-31")
    listed = lake.s3.paginate

    def listed_before_it_went(**place: str) -> Any:
        pages = list(listed(**place))
        lake.s3.objects.clear()
        return pages

    monkeypatch.setattr(lake.s3, "paginate", listed_before_it_went)

    with pytest.raises(DataRefused, match="is gone: 2026-01-31 was published again while it was read; run the step"):
        lake.runs()


@pytest.mark.parametrize("service", ["glue", "s3"])
def test_other_refusals_of_aws_go_on(lake: Lake, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    lake.publish("2026-01-31")

    def refuse(*_: Any, **__: Any) -> None:
        raise error("AccessDenied", "Any")

    monkeypatch.setattr(
        lake.glue if service == "glue" else lake.s3, "get_table" if service == "glue" else "download_file", refuse
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        lake.runs()


def test_file_without_scores_is_refused(lake: Lake) -> None:
    lake.publish("2026-01-31")
    sink = io.BytesIO()
    pq.write_table(pa.table({"customer_id": ["A"]}), sink)
    lake.s3.objects = dict.fromkeys(lake.s3.objects, sink.getvalue())

    with pytest.raises(DataRefused, match="lacks the columns 'prediction', 'prediction_probability'"):
        lake.runs()


def test_file_that_is_no_parquet_is_refused(lake: Lake) -> None:
    lake.publish("2026-01-31")
    lake.s3.objects = dict.fromkeys(lake.s3.objects, b"no parquet")

    with pytest.raises(DataRefused, match=r"s3://lake/.* cannot be read: .* expected is Parquet"):
        lake.runs()
