"""The table of a publish: widened by new columns, refused for changed ones; the modes; the CSV beside it."""

from pathlib import Path

import pytest
from dataset_schema import AuditFailed, SchemaRefused, ScriptError
from publish import publish
from publish_plan import Mode

from tests.fakes.datasets import PRICES, write_rows
from tests.fakes.glue import FakeGlue, error
from tests.fakes.publishing import DAY, IDS, plan_of, predictions_of, rewrite, scored
from tests.fakes.s3 import FakeS3

DAILY = ("scores", "daily")


@pytest.fixture
def published(tmp_path: Path) -> tuple[FakeS3, FakeGlue]:
    """One published day, and files to publish again."""
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path, execution="run-0"), s3, glue)
    glue.changes.clear()
    return s3, glue


def columns_of(glue: FakeGlue) -> list[dict[str, str]]:
    columns: list[dict[str, str]] = glue.tables[DAILY]["StorageDescriptor"]["Columns"]
    return columns


def test_column_that_the_table_lacks_is_added_at_its_end(tmp_path: Path, published: tuple[FakeS3, FakeGlue]) -> None:
    s3, glue = published
    del columns_of(glue)[4]

    publish(plan_of(tmp_path), s3, glue)

    assert glue.changes == ["UpdateTable", "UpdatePartition"]
    assert [column["Name"] for column in columns_of(glue)][-2:] == ["execution_id", "model_package_arn"]
    assert glue.partitions[(*DAILY, DAY)]["StorageDescriptor"]["Columns"] == columns_of(glue)
    assert glue.tables[DAILY]["Parameters"]["classification"] == "parquet"


def test_column_that_only_the_table_has_stays(tmp_path: Path, published: tuple[FakeS3, FakeGlue]) -> None:
    s3, glue = published
    columns_of(glue).insert(0, {"Name": "segment", "Type": "string"})

    publish(plan_of(tmp_path), s3, glue)

    assert glue.changes == ["UpdatePartition"]
    assert glue.partitions[(*DAILY, DAY)]["StorageDescriptor"]["Columns"][0]["Name"] == "segment"


def test_same_type_by_another_name_is_the_same(tmp_path: Path, published: tuple[FakeS3, FakeGlue]) -> None:
    s3, glue = published
    columns_of(glue)[1] = {"Name": "Prediction", "Type": "INTEGER"}

    publish(plan_of(tmp_path), s3, glue)

    assert glue.changes == ["UpdatePartition"]


def test_changed_type_is_refused_by_name_and_changes_nothing(
    tmp_path: Path, published: tuple[FakeS3, FakeGlue]
) -> None:
    s3, glue = published
    objects = dict(s3.objects)
    rewrite(tmp_path, predictions_of(IDS))

    with pytest.raises(SchemaRefused, match=r"scores.daily is refused, .*'prediction is int and .* have double'"):
        publish(plan_of(tmp_path, PRICES), s3, glue)

    assert (glue.changes, s3.objects) == ([], objects)


def test_columns_that_another_publish_adds_meanwhile_are_seen(
    tmp_path: Path, published: tuple[FakeS3, FakeGlue]
) -> None:
    s3, glue = published
    del columns_of(glue)[5]

    def other_adds() -> None:
        glue.before_table_change = lambda: None
        columns = [*columns_of(glue), {"Name": "segment", "Type": "string"}]
        storage = glue.tables[DAILY]["StorageDescriptor"] | {"Columns": columns}
        glue.tables[DAILY] = glue.tables[DAILY] | {"StorageDescriptor": storage, "VersionId": "7"}

    glue.before_table_change = other_adds
    publish(plan_of(tmp_path), s3, glue)

    assert [column["Name"] for column in columns_of(glue)][-2:] == ["segment", "execution_id"]


def test_table_that_always_changes_is_given_up(tmp_path: Path, published: tuple[FakeS3, FakeGlue]) -> None:
    s3, glue = published
    del columns_of(glue)[5]

    def others_change() -> None:
        raise error("ConcurrentModificationException", "UpdateTable")

    glue.before_table_change = others_change
    with pytest.raises(ScriptError, match=r"Table scores.daily changes all the time"):
        publish(plan_of(tmp_path), s3, glue)


def test_append_makes_each_run_a_partition_of_its_own_in_one_call(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path, mode=Mode.APPEND), s3, glue)
    glue.changes.clear()

    publish(plan_of(tmp_path, execution="run-2", mode=Mode.APPEND), s3, glue)

    assert glue.changes == ["CreatePartition"]
    assert [key["Name"] for key in glue.tables[DAILY]["PartitionKeys"]] == ["dt", "run"]
    for run in ("run-1", "run-2"):
        rows = s3.read_table(glue.location(*DAILY, DAY, run))
        assert (rows.num_rows, set(rows["execution_id"].to_pylist())) == (40, {run})


def test_append_of_the_same_run_again_has_its_rows_once(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path, mode=Mode.APPEND), s3, glue)

    publish(plan_of(tmp_path, mode=Mode.APPEND), s3, glue)

    assert list(glue.partitions) == [(*DAILY, DAY, "run-1")]
    assert s3.read_table(glue.location(*DAILY, DAY, "run-1")).num_rows == 40


def test_append_at_the_same_time_loses_no_run(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    def other_publishes() -> None:
        glue.before_partition_change = lambda: None
        publish(plan_of(tmp_path, execution="run-2", mode=Mode.APPEND), s3, glue)

    glue.before_partition_change = other_publishes
    publish(plan_of(tmp_path, mode=Mode.APPEND), s3, glue)

    assert {key[-1] for key in glue.partitions} == {"run-1", "run-2"}


def test_mode_that_the_table_was_not_made_for_is_refused(tmp_path: Path, published: tuple[FakeS3, FakeGlue]) -> None:
    s3, glue = published

    with pytest.raises(
        SchemaRefused, match=r"partition keys are \['dt string'\], publish.mode 'append' needs .*'run s"
    ):
        publish(plan_of(tmp_path, mode=Mode.APPEND), s3, glue)


def test_bucket_that_is_gone_is_named_before_the_catalog_is_touched(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    s3.buckets_gone.add("lake")

    with pytest.raises(AuditFailed, match=r"the bucket 'lake' does not exist; make it, then run the step again"):
        publish(plan_of(tmp_path), s3, glue)

    assert glue.changes == []


def test_csv_has_a_header_and_the_three_columns_of_each_file(tmp_path: Path) -> None:
    scored(tmp_path)
    ids = ['with "quote", and comma', *IDS[1:]]
    batch = predictions_of(ids).select(["customer_id"])
    write_rows(tmp_path / "batch/part-00000.parquet", batch)
    rewrite(tmp_path, predictions_of(ids))

    publish(plan_of(tmp_path, csv=tmp_path / "csv"), FakeS3(), FakeGlue())

    assert sorted(path.name for path in (tmp_path / "csv").iterdir()) == ["part-00000.csv", "part-00001.csv"]
    lines = (tmp_path / "csv/part-00000.csv").read_text().splitlines()
    assert lines[:3] == [
        "customer_id,prediction,prediction_probability",
        '"with ""quote"", and comma",0,0',
        '"CUST_000002",0,0.01',
    ]
    assert len(lines) == 21
