"""A publish of CSV: what an uploaded file's transform job read and wrote."""

from pathlib import Path

import numpy as np
import publish_rows
import pyarrow as pa
import pytest
from dataset_schema import AuditFailed
from publish import publish
from publish_plan import Mode

from tests.fakes.datasets import PRICES, small_rows
from tests.fakes.glue import FakeGlue
from tests.fakes.publishing import DAY, IDS, plan_of, predictions_of, scored, scored_csv, write_bare_csv
from tests.fakes.s3 import FakeS3


def published(folder: Path, s3: FakeS3, glue: FakeGlue) -> pa.Table:
    publish(plan_of(folder), s3, glue)
    return s3.read_table(glue.location("scores", "daily", DAY))


def test_csv_makes_the_same_table_as_parquet(tmp_path: Path) -> None:
    tables = []
    for write in (scored, scored_csv):
        folder = tmp_path / write.__name__
        write(folder)
        s3, glue = FakeS3(), FakeGlue()
        tables.append((published(folder, s3, glue), glue.tables["scores", "daily"]))

    assert tables[0] == tables[1]


def test_csv_of_a_day_is_appended_by_its_run(tmp_path: Path) -> None:
    s3, glue = FakeS3(), FakeGlue()
    for run in ("run-1", "run-2"):
        scored_csv(tmp_path / run, files=1)
        publish(plan_of(tmp_path / run, execution=run, mode=Mode.APPEND), s3, glue)

    assert [key[2:] for key in glue.partitions] == [(DAY, "run-1"), (DAY, "run-2")]
    assert s3.read_table("s3://lake/out/daily/").num_rows == 40


def test_csv_ids_with_commas_quotes_and_unicode_are_published_as_they_are(tmp_path: Path) -> None:
    ids = ["a,b", 'c"d', "ü €", "NA", "null", "0017", "1e5", " x "]
    write_bare_csv(tmp_path / "batch/part-00000.csv", small_rows(8, customer_id=ids).drop_columns("churned"))
    write_bare_csv(tmp_path / "predictions/part-00000.csv.out", predictions_of(ids))

    table = published(tmp_path, FakeS3(), FakeGlue())

    assert table["customer_id"].to_pylist() == ids


def test_csv_of_a_regression_is_published_as_double_without_probability(tmp_path: Path) -> None:
    numbers = pa.array([number / 3 for number in range(20)])
    scored_csv(tmp_path, files=1, prediction=numbers, prediction_probability=pa.nulls(20, pa.float64()))
    s3, glue = FakeS3(), FakeGlue()

    publish(plan_of(tmp_path, PRICES), s3, glue)

    table = s3.read_table(glue.location("scores", "daily", DAY))
    assert table["prediction"].to_pylist() == numbers.to_pylist()
    assert table["prediction_probability"].null_count == 20


AUDITS: dict[str, tuple[str, str]] = {
    "missing line": ("".join(f"{name},0,0.25\n" for name in IDS[1:]), "has 19 rows for 20 .* .'CUST_000001'."),
    "extra line": ("".join(f"{name},0,0.25\n" for name in [*IDS, "x"]), "has 21 rows .* 1 are extra .'x'."),
    "no id": ("".join(f"{name},0,0.25\n" for name in [*IDS[:-1], ""]), "1 ids are missing .'CUST_000020'."),
    "probability above 1": ("".join(f"{name},1,1.5\n" for name in IDS), "has 20 invalid rows"),
    "no probability": ("".join(f"{name},1,\n" for name in IDS), "has 20 invalid rows"),
    "prediction of no class": ("".join(f"{name},2,0.5\n" for name in IDS), "has 20 invalid rows"),
    "text for a number": ("".join(f"{name},1,high\n" for name in IDS), "cannot be read .*'high'.*text/csv without a h"),
    "two columns": ("".join(f"{name},0.5\n" for name in IDS), "cannot be read .*Expected 3 columns, got 2"),
    "header": ("id,prediction,probability\n", "cannot be read .*'prediction'"),
    "empty": ("", "has 0 rows for 20 to be scored: 20 ids are missing"),
}


@pytest.mark.parametrize("fault", AUDITS)
def test_failed_audit_of_csv_names_what_differs_and_publishes_nothing(tmp_path: Path, fault: str) -> None:
    text, message = AUDITS[fault]
    scored_csv(tmp_path, files=1)
    (tmp_path / "predictions/part-00000.csv.out").write_text(text, encoding="utf-8")
    s3, glue = FakeS3(), FakeGlue()

    with pytest.raises(AuditFailed, match=f"Nothing is published: file 'part-00000.csv.out' .*{message}"):
        publish(plan_of(tmp_path), s3, glue)

    assert (s3.objects, glue.partitions) == ({}, {})


def test_csv_id_in_two_files_is_refused_with_both(tmp_path: Path) -> None:
    scored_csv(tmp_path)
    write_bare_csv(tmp_path / "batch/part-00001.csv", small_rows(20, first=20).drop_columns("churned"))
    again = [f"CUST_{number:06d}" for number in range(20, 40)]
    write_bare_csv(tmp_path / "predictions/part-00001.csv.out", predictions_of(again))

    with pytest.raises(AuditFailed, match=r"part-00001.csv.out' has the id 'CUST_000020', which 'part-00000"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


def test_csv_ids_that_only_share_a_hash_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_rows, "hash_ids", lambda ids: np.zeros(len(ids), dtype=np.uint64))
    scored_csv(tmp_path)

    assert published(tmp_path, FakeS3(), FakeGlue()).num_rows == 40


def test_csv_without_its_answer_is_refused_by_name(tmp_path: Path) -> None:
    scored_csv(tmp_path)
    (tmp_path / "predictions/part-00001.csv.out").unlink()

    with pytest.raises(AuditFailed, match=r"1 files have no predictions \['part-00001.csv'\]"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())


def test_csv_of_no_rows_is_refused(tmp_path: Path) -> None:
    scored_csv(tmp_path, files=1, count=0)

    with pytest.raises(AuditFailed, match="the predictions have no rows"):
        publish(plan_of(tmp_path), FakeS3(), FakeGlue())
