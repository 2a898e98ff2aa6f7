from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import publish_rows
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from dataset_schema import AuditFailed, ScriptError
from publish import publish

from tests.fakes.datasets import PRICES, small_rows, write_rows
from tests.fakes.glue import FakeGlue, error
from tests.fakes.publishing import DAY, IDS, plan_of, predictions_of, rewrite, scored
from tests.fakes.s3 import FakeS3


def published_ids(s3: FakeS3, glue: FakeGlue) -> list[str]:
    ids: list[str] = s3.read_table(glue.location("scores", "daily", DAY))["customer_id"].to_pylist()
    return ids


def test_first_publish_makes_database_table_and_partition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    assert glue.changes == ["CreateDatabase", "CreateTable", "CreatePartition"]
    location = glue.location("scores", "daily", DAY)
    assert location.startswith("s3://lake/out/daily/dt=2026-01-31/run=run-1/")
    assert location.endswith("/")
    assert published_ids(s3, glue) == [f"CUST_{number:06d}" for number in range(1, 41)]
    assert f"Published 40 rows of 2026-01-31 to scores.daily from {location}" in capsys.readouterr().out


def test_table_and_files_have_the_same_columns(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    table = glue.tables["scores", "daily"]
    assert [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]] == [
        ("customer_id", "string"),
        ("prediction", "int"),
        ("prediction_probability", "double"),
        ("prediction_timestamp", "timestamp"),
        ("model_package_arn", "string"),
        ("execution_id", "string"),
    ]
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert "ParquetHiveSerDe" in table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    row = s3.read_table(glue.location("scores", "daily", DAY)).slice(0, 1).to_pylist()[0]
    assert row == {
        "customer_id": "CUST_000001",
        "prediction": 0,
        "prediction_probability": 0.0,
        "prediction_timestamp": datetime(2026, 1, 31, 12, 30),  # noqa: DTZ001  # Parquet's timestamps have no zone
        "model_package_arn": "arn:model/1",
        "execution_id": "run-1",
    }


def test_second_publish_of_a_day_replaces_it_in_one_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path), s3, glue)
    first = glue.location("scores", "daily", DAY)
    glue.changes.clear()

    publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    assert glue.changes == ["UpdatePartition"]
    assert "/run=run-2/" in glue.location("scores", "daily", DAY)
    assert len(published_ids(s3, glue)) == 40
    assert f"before, the day was at {first}" in capsys.readouterr().out


def test_same_execution_again_writes_to_another_place(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path), s3, glue)
    first = glue.location("scores", "daily", DAY)

    publish(plan_of(tmp_path), s3, glue)

    assert glue.location("scores", "daily", DAY) != first
    assert len(published_ids(s3, glue)) == 40


def test_two_publishes_at_once_leave_the_first_whole_and_the_other_says_so(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    def other_publishes() -> None:
        glue.before_partition_change = lambda: None
        publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    glue.before_partition_change = other_publishes
    with pytest.raises(AuditFailed, match=r"Nothing is published: while this run was written, another .*/run=run-2/"):
        publish(plan_of(tmp_path), s3, glue)

    assert "/run=run-2/" in glue.location("scores", "daily", DAY)
    assert len(published_ids(s3, glue)) == 40


def test_publish_that_is_overtaken_while_it_writes_leaves_no_files(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    put = s3.put_object

    def other_publishes(**request: Any) -> None:
        s3.put_object = put  # type: ignore[method-assign]  # the fake's own way to do something in between
        publish(plan_of(tmp_path, execution="run-2"), s3, glue)
        put(**request)

    s3.put_object = other_publishes  # type: ignore[method-assign]  # see above
    with pytest.raises(AuditFailed, match="while this run was written"):
        publish(plan_of(tmp_path), s3, glue)

    assert {key.split("/")[3] for _, key in s3.objects} == {"run=run-2"}


def test_publish_that_is_replaced_in_the_same_moment_says_so(tmp_path: Path) -> None:
    """UpdatePartition has no condition: the second look tells who came first."""
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path, execution="run-0"), s3, glue)
    before = dict(glue.partitions)
    update = glue.update_partition

    def both_update(**request: Any) -> None:
        update(**request)
        glue.update_partition = update  # type: ignore[method-assign]  # the other's call comes after
        glue.partitions = dict(before)
        publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    glue.update_partition = both_update  # type: ignore[method-assign]  # see above
    with pytest.raises(AuditFailed, match=r"Replaced at once: .* the day is at .*/run=run-2/"):
        publish(plan_of(tmp_path, execution="run-1"), s3, glue)

    assert len(published_ids(s3, glue)) == 40


def test_call_whose_answer_got_lost_counts_as_done(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    create = glue.create_partition

    def answer_is_lost(**request: Any) -> None:
        create(**request)
        raise error("AlreadyExistsException", "CreatePartition")

    glue.create_partition = answer_is_lost  # type: ignore[method-assign]  # what a client's own second try gets
    publish(plan_of(tmp_path), s3, glue)

    assert len(published_ids(s3, glue)) == 40


def test_partition_dropped_meanwhile_is_created(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path), s3, glue)

    def other_drops() -> None:
        glue.before_partition_change = lambda: None
        glue.partitions.clear()

    glue.before_partition_change = other_drops
    publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    assert "/run=run-2/" in glue.location("scores", "daily", DAY)


def test_kill_before_the_last_call_changes_nothing_that_a_reader_sees(tmp_path: Path) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path), s3, glue)
    before = (glue.location("scores", "daily", DAY), published_ids(s3, glue))

    def killed() -> None:
        raise KeyboardInterrupt("killed")

    glue.before_partition_change = killed
    with pytest.raises(KeyboardInterrupt, match="killed"):
        publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    assert (glue.location("scores", "daily", DAY), published_ids(s3, glue)) == before


def test_refused_write_changes_nothing_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_rows, "MAX_FILE_BYTES", 1)
    scored(tmp_path, files=3)
    s3, glue = FakeS3(), FakeGlue()
    s3.puts_allowed = 2

    with pytest.raises(ClientError, match="AccessDenied"):
        publish(plan_of(tmp_path), s3, glue)

    assert glue.partitions == {}
    assert s3.objects == {}


def test_object_that_is_not_as_written_fails_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    put = s3.put_object

    def put_half(**request: Any) -> None:
        put(**request)
        s3.objects[request["Bucket"], request["Key"]] = b"half"

    monkeypatch.setattr(s3, "put_object", put_half)
    with pytest.raises(AuditFailed, match=r"does not hold exactly what was written.*part-00000.parquet"):
        publish(plan_of(tmp_path), s3, glue)

    assert glue.partitions == {}


AUDITS: dict[str, tuple[pa.Table, str]] = {
    "missing id": (predictions_of(IDS[2:]), "has 18 rows for 20 .*: 2 ids are missing .'CUST_000001', 'CUST_000002'.,"),
    "extra id": (predictions_of([*IDS, "CUST_999999"]), "0 ids are missing .., 1 are extra .'CUST_999999'."),
    "id twice": (predictions_of([*IDS, IDS[0]]), "has 21 rows for 20 to be scored: 0 ids are missing"),
    "other id twice": (predictions_of([*IDS[:-1], IDS[0]]), "1 ids are missing .'CUST_000020'."),
    "null id": (predictions_of([*IDS[:-1], None]), "1 ids are missing"),
    "probability above 1": (
        predictions_of(IDS, prediction_probability=pa.array([1.5] * 20)),
        "has 20 invalid rows, the first is .*expected is a prediction of 0 or 1 and a probability in",
    ),
    "probability not a number": (
        predictions_of(IDS, prediction_probability=pa.array([float("nan")] * 20)),
        "has 20 invalid rows",
    ),
    "probability null": (predictions_of(IDS, prediction_probability=pa.array([None] * 20, pa.float64())), "20 invalid"),
    "prediction of no class": (predictions_of(IDS, prediction=pa.array([2] * 20)), "has 20 invalid rows"),
    "prediction null": (predictions_of(IDS, prediction=pa.array([None] * 20, pa.int32())), "has 20 invalid rows"),
    "column missing": (predictions_of(IDS).drop_columns("prediction"), "has the columns 'customer_id', 'prediction_p"),
}


@pytest.mark.parametrize("fault", AUDITS)
def test_failed_audit_names_what_differs_and_changes_nothing(tmp_path: Path, fault: str) -> None:
    table, message = AUDITS[fault]
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()
    publish(plan_of(tmp_path), s3, glue)
    before = (glue.location("scores", "daily", DAY), dict(s3.objects))
    rewrite(tmp_path, table)

    with pytest.raises(AuditFailed, match=f"Nothing is published: file 'part-00000.parquet.out' .*{message}"):
        publish(plan_of(tmp_path, execution="run-2"), s3, glue)

    assert (glue.location("scores", "daily", DAY), s3.objects) == before


def test_ids_in_another_order_are_published(tmp_path: Path) -> None:
    scored(tmp_path, files=1)
    rewrite(tmp_path, predictions_of(IDS[::-1]))
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    assert published_ids(s3, glue) == IDS[::-1]


def test_id_in_two_files_is_refused_with_both(tmp_path: Path) -> None:
    scored(tmp_path)
    write_rows(tmp_path / "batch/part-00001.parquet", small_rows(20, first=20).drop_columns("churned"))
    rewrite(tmp_path, predictions_of([f"CUST_{number:06d}" for number in range(20, 40)]), number=1)

    with pytest.raises(AuditFailed, match=r"part-00001.parquet.out' has the id 'CUST_000020', which 'part-00000"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


def test_ids_that_only_share_a_hash_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_rows, "hash_ids", lambda ids: np.zeros(len(ids), dtype=np.uint64))
    scored(tmp_path)
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    assert len(published_ids(s3, glue)) == 40


def test_file_without_predictions_is_refused_by_name(tmp_path: Path) -> None:
    scored(tmp_path)
    (tmp_path / "predictions/part-00001.parquet.out").rename(tmp_path / "predictions/other.parquet.out")

    with pytest.raises(AuditFailed, match=r"have no predictions \['part-00001.parquet'\], 1 .* \['other.parquet'\]"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


@pytest.mark.parametrize("deeper", ["exec-1", "data/batch/exec-1"])
def test_depth_at_which_the_transform_wrote_makes_no_difference(tmp_path: Path, deeper: str) -> None:
    scored(tmp_path)
    (tmp_path / "predictions").rename(tmp_path / "shallow")
    (tmp_path / "predictions" / deeper).parent.mkdir(parents=True)
    (tmp_path / "shallow").rename(tmp_path / "predictions" / deeper)
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    assert len(published_ids(s3, glue)) == 40


def test_predictions_in_another_format_are_refused(tmp_path: Path) -> None:
    scored(tmp_path)
    (tmp_path / "predictions/part-00000.parquet.out").write_text("CUST_000001,0,0.1\n")

    with pytest.raises(AuditFailed, match="let the transform job answer in application/x-parquet"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


def test_no_rows_at_all_are_refused(tmp_path: Path) -> None:
    scored(tmp_path, files=1, count=0)

    with pytest.raises(AuditFailed, match="the predictions have no rows"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


def test_many_small_files_become_few(tmp_path: Path) -> None:
    scored(tmp_path, files=7)
    s3 = FakeS3()

    publish(plan_of(tmp_path), s3, FakeGlue())

    assert len(s3.objects) == 1


def test_large_files_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_rows, "MAX_FILE_BYTES", 1)
    monkeypatch.setattr(publish_rows, "GROUP_ROWS", 7)
    scored(tmp_path, files=3)
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path), s3, glue)

    assert len(s3.objects) == 3
    assert len(set(published_ids(s3, glue))) == 60


def test_regression_is_published_as_double_without_probability(tmp_path: Path) -> None:
    scored(tmp_path, files=1)
    numbers = pa.array([float(number) for number in range(20)])
    rewrite(tmp_path, predictions_of(IDS, prediction=numbers, prediction_probability=pa.nulls(20, pa.float64())))
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path, PRICES), s3, glue)

    table = s3.read_table(glue.location("scores", "daily", DAY))
    assert table["prediction"].to_pylist() == numbers.to_pylist()
    assert glue.tables["scores", "daily"]["StorageDescriptor"]["Columns"][1] == {"Name": "prediction", "Type": "double"}


def test_infinite_prediction_of_a_regression_is_refused(tmp_path: Path) -> None:
    scored(tmp_path, files=1)
    rewrite(tmp_path, predictions_of(IDS, prediction=pa.array([float("inf")] * 20)))

    with pytest.raises(AuditFailed, match="expected is a finite number"):
        publish(plan_of(tmp_path, PRICES), FakeS3(), FakeGlue())


def test_partition_that_always_changes_is_given_up(tmp_path: Path) -> None:
    scored(tmp_path)

    def others_change() -> None:
        raise error("ConcurrentModificationException", "CreatePartition")

    glue = FakeGlue()
    glue.before_partition_change = others_change
    with pytest.raises(ScriptError, match="The partition of 2026-01-31 changes all the time"):
        publish(plan_of(tmp_path), FakeS3(), glue)
