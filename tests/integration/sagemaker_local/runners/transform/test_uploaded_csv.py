"""An uploaded CSV file's whole way: checked, scored line by line with its ids joined, audited, published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import check_upload
import pyarrow as pa
import pyarrow.csv
import pytest
from dataset_schema import Schema
from inference import Model, input_fn, predict_fn
from publish import publish
from publish_plan import Mode

from sagemaker_local.records.job import JobOutcome, JobStatus
from sagemaker_local.runners import archive
from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows
from tests.fakes.feature_clients import MemoryS3
from tests.fakes.glue import FakeGlue
from tests.fakes.models import trained
from tests.fakes.publishing import DAY, plan_of
from tests.fakes.s3 import FakeS3
from tests.integration.sagemaker_local.runners.transform.jobs import Place

ROWS = 6_000
PLANS = ["plain", "with, comma", 'with "quotes"', "ü €", "x" * 1000, None]
"""Some are long, so that few rows fill a request of 1 MB."""
SOURCE = {"ContentType": "text/csv", "SplitType": "Line"}
SINK = {"Accept": "text/csv", "AssembleWith": "Line"}
PROCESSING = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-2,-1]"}


def rows_of(count: int = ROWS) -> pa.Table:
    """Rows with ids that need quotes, missing values and long texts."""
    ids = [f'ID "{number}", ü' if number % 5 == 0 else f"ID {number}" for number in range(count)]
    return small_rows(count, customer_id=ids, plan=[PLANS[number % len(PLANS)] for number in range(count)])


class World:
    """One use case: its model, and an upload of its rows."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        self.folder, self.document = folder, document | {"id_format": None}
        self.place = Place(folder)
        labelled = price_rows(300) if document is PRICES else small_rows(300, plan=[PLANS[n % 6] for n in range(300)])
        self.model: Model = trained(folder / "model", self.document, labelled)
        archive.pack(folder / "model", folder / "model.tar.gz")
        self.place.objects.put_file("b", "model.tar.gz", folder / "model.tar.gz")

    def upload(self, rows: pa.Table, max_file_bytes: int = 100_000_000) -> None:
        """Check the rows as one file, and put what is to be scored where the job finds it."""
        (self.folder / "raw").mkdir()
        pa.csv.write_csv(rows, self.folder / "raw/a.csv", pa.csv.WriteOptions(include_header=False))
        plan = check_upload.Plan(
            source=self.folder / "raw",
            schema=Schema.from_document(self.document),
            batch=self.folder / "batch",
            labels=self.folder / "labels",
            errors="s3://b/errors/e1",
            max_refused_share=0.0,
            max_file_bytes=max_file_bytes,
        )
        check_upload.check_upload(plan, MemoryS3())
        self.place.put(**{path.name: path.read_bytes() for path in (self.folder / "batch").iterdir()})

    def score(self, processing: dict[str, str] = PROCESSING) -> JobOutcome:
        return self.place.run(
            SOURCE,
            SINK,
            BatchStrategy="MultiRecord",
            MaxPayloadInMB=1,
            MaxConcurrentTransforms=2,
            DataProcessing=processing,
        )

    def published(self) -> pa.Table:
        """What a reader of the table sees."""
        for name, body in self.place.stored.items():
            path = self.folder / "predictions" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(body)
        s3, glue = FakeS3(), FakeGlue()
        plan = plan_of(self.folder, self.document)
        publish(replace(plan, mode=Mode.APPEND), s3, glue)
        ((*_, day, run),) = glue.partitions
        assert (day, run) == (DAY, "run-1")
        return s3.read_table("s3://lake/out/daily/")

    def expected(self, rows: pa.Table) -> list[dict[str, Any]]:
        """What the model says of the rows when they are given to it as they are."""
        sink = pa.BufferOutputStream()
        pa.csv.write_csv(rows, sink, pa.csv.WriteOptions(include_header=False))
        request = input_fn(bytes(sink.getvalue()), "text/csv")
        scores: list[dict[str, Any]] = predict_fn(request, self.model).table.to_pylist()
        return scores


def scores_of(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(["customer_id", "prediction", "prediction_probability"]).to_pylist()
    return rows


@pytest.mark.parametrize("document", [SMALL, PRICES], ids=["classification", "regression"])
@pytest.mark.parametrize("max_file_bytes", [100_000_000, 700_000], ids=["one file", "several files"])
def test_each_row_gets_its_own_score_and_id(tmp_path: Path, document: dict[str, Any], max_file_bytes: int) -> None:
    world, rows = World(tmp_path, document), rows_of().drop_columns("churned")
    world.upload(rows, max_file_bytes)

    outcome = world.score()

    assert outcome == JobOutcome(JobStatus.COMPLETED)
    assert len(world.place.stored) == (1 if max_file_bytes > 1_000_000 else 2)
    assert sum(path.stat().st_size for path in (tmp_path / "batch").iterdir()) > 1 << 20
    table = world.published()
    assert scores_of(table) == world.expected(rows)
    assert table["prediction_probability"].null_count == (ROWS if document is PRICES else 0)


def test_line_of_a_regression_ends_in_an_empty_probability(tmp_path: Path) -> None:
    world = World(tmp_path, PRICES)
    world.upload(small_rows(3).drop_columns("churned"))

    world.score()

    (body,) = world.place.stored.values()
    lines = [line.split(",") for line in body.decode().splitlines()]
    assert [line[0] for line in lines] == ["CUST_000001", "CUST_000002", "CUST_000003"]
    assert all(len(line) == 3 and float(line[1]) > 0 and line[2] == "" for line in lines)


def test_answer_of_the_ids_first_needs_no_filter(tmp_path: Path) -> None:
    """Without DataProcessing the ids go to the model and come back, and the same table is published."""
    world, rows = World(tmp_path, SMALL), rows_of(50).drop_columns("churned")
    world.upload(rows)

    outcome = world.score(processing={})

    assert outcome == JobOutcome(JobStatus.COMPLETED)
    assert scores_of(world.published()) == world.expected(rows)


def test_batch_of_another_model_is_refused_with_both_counts(tmp_path: Path) -> None:
    world = World(tmp_path, SMALL)
    world.place.put(**{"part-00000.csv": "CUST_000001,1,basic,1,2\n"})

    outcome = world.score()

    assert outcome.status is JobStatus.FAILED
    reason = str(outcome.failure_reason)
    assert reason.startswith("AlgorithmError: b/in/part-00000.csv: DataRefused: ")
    assert "its first line has 4 columns; expected are 2, the features 'amount', 'plan', or 3, the id" in reason
