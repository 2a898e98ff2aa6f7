"""A query of the features as a whole, on services in memory."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import prepare_batch
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from athena_client import Athena
from dataset_schema import DataRefused, GroupRefused, IdRange, NotArrived, QueryFailed, SchemaRefused
from feature_manifest import Manifest
from query_features import Clients, Plan, main, query_features

from tests.fakes.datasets import read_parts, write_rows, write_schema
from tests.fakes.feature_clients import MemoryAthena, MemoryGroups, MemoryS3
from tests.unit.scripts.test_customer_rows import DOCUMENT, SCHEMA
from tests.unit.scripts.test_ingest_features import Cloud, group

MANIFEST = "s3://b/manifests/g.json"
CATALOG = {"OfflineStoreConfig": {"DataCatalogConfig": {"Database": "features", "TableName": "t"}}}
NEWEST = datetime(2026, 1, 31, 9, tzinfo=UTC)


def rows(*numbers: int) -> pa.Table:
    return pa.table(
        {
            "id": pa.array([f"C{number:02d}" for number in numbers], pa.string()),
            "at": pa.array(["2026-01-31T09:00:00Z"] * len(numbers), pa.string()),
            "age": pa.array([40.0] * len(numbers)),
            "plan": pa.array(["basic"] * len(numbers), pa.string()),
            "left": pa.array([0] * len(numbers), pa.int64()),
        }
    )


def labelled(*numbers: int) -> pa.Table:
    """Rows, every other of which has a label, from the first on."""
    found = rows(*numbers)
    labels = pa.array([None if index % 2 else 0 for index in range(len(numbers))], pa.int64())
    return found.set_column(4, "left", labels)


def plan(folder: Path, **changes: Any) -> Plan:
    made = Plan(
        feature_group="g",
        schema=SCHEMA,
        ranges={"training": IdRange(1, 3), "scoring": IdRange(3, None)},
        before=datetime(2026, 2, 1, tzinfo=UTC),
        manifest=MANIFEST,
        wait_seconds=5,
        unload="s3://b/raw/e1/unload",
        output=folder / "raw",
        max_file_bytes=20_000_000,
    )
    return replace(made, **changes)


def batch_plan(folder: Path, **changes: Any) -> Plan:
    asked = {"ranges": {"scoring": IdRange(2, None)}, "is_batch": True, "output": folder / "batch"}
    return plan(folder, **{**asked, "labels": folder / "labels", **changes})


class Service:
    """Everything that the query talks to."""

    def __init__(self, found: pa.Table, answers: list[list[str | None]] | None = None) -> None:
        self.s3, self.groups = MemoryS3(), MemoryGroups(looks=2)
        self.athena = MemoryAthena(self.s3, found, answers)
        self.groups.groups["g"] = group(Cloud(), "Created", **CATALOG)
        self.slept: list[float] = []

    def ingested(self, count: int) -> None:
        moment = NEWEST.isoformat()
        Manifest("g", "e0", "abc", "s3://b/in/", count, "0", moment, moment, count, 0, 0, 0).save(self.s3, MANIFEST)

    def run(self, asked: Plan) -> int:
        athena = Athena(self.athena, "s3://b/results/", sleep=self.slept.append)
        return query_features(asked, Clients(self.s3, self.groups, athena, sleep=self.slept.append))


def test_query_writes_the_rows_with_the_schemas_columns_and_removes_athenas_files(tmp_path: Path) -> None:
    service = Service(rows(1, 3, 5).rename_columns([name.upper() for name in rows(1).column_names]))

    count = service.run(plan(tmp_path))

    table = pq.read_table(tmp_path / "raw")
    assert count == table.num_rows == 3
    assert table.column_names == list(SCHEMA.columns)
    assert service.s3.objects == {}


def test_query_cuts_the_rows_into_files_of_one_request_each(tmp_path: Path) -> None:
    service = Service(rows(*range(1, 3000)))

    service.run(plan(tmp_path, max_file_bytes=20_000))

    sizes = [path.stat().st_size for path in (tmp_path / "raw").iterdir()]
    assert len(sizes) > 1
    assert max(sizes) <= 20_000


def test_query_unloads_to_a_fresh_prefix_each_time(tmp_path: Path) -> None:
    service = Service(rows(1, 3))

    service.run(plan(tmp_path))
    service.run(plan(tmp_path))

    first, second = service.athena.queries
    assert "s3://b/raw/e1/unload/" in first
    assert first != second


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((), r"has no customers for training \(ids 1 to 3\) and for scoring \(ids 3 to last\) before 2026-02-01"),
        ((1, 2), r"has no customers for scoring \(ids 3 to last\)"),
        ((4,), r"has no customers for training \(ids 1 to 3\)"),
    ],
)
def test_query_of_an_empty_range_is_refused_by_name(tmp_path: Path, numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(DataRefused, match=message):
        Service(rows(*numbers)).run(plan(tmp_path))


def test_query_waits_until_all_that_was_ingested_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = str(int(NEWEST.timestamp() * 1000))
    service = Service(rows(1, 3), [["0", None], ["1", newest], ["2", newest]])
    service.ingested(2)

    service.run(plan(tmp_path))

    out = capsys.readouterr().out
    assert "Waiting: of 2 customers of ingestion e0 1 can be read" in out
    assert len([pause for pause in service.slept if pause >= 0.3]) == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            ["1", "1769850000000"],
            r"of 2 customers of ingestion e0 1 can be read, the newest event time is 2026-01-31T09",
        ),
        (
            ["2", "1769849999999"],
            r"the newest event time is 2026-01-31T08:59:59.999Z instead of 2026-01-31T09:00:00.000Z",
        ),
    ],
)
def test_query_fails_with_the_difference_when_the_data_do_not_arrive(
    tmp_path: Path, answer: list[str | None], message: str
) -> None:
    service = Service(rows(1, 3), [answer])
    service.ingested(2)

    with pytest.raises(NotArrived, match=message):
        service.run(plan(tmp_path, wait_seconds=0))


def test_query_without_a_manifest_says_that_freshness_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Service(rows(1, 3)).run(plan(tmp_path))

    assert "freshness is not checked" in capsys.readouterr().out


def test_query_with_a_broken_manifest_is_refused(tmp_path: Path) -> None:
    service = Service(rows(1, 3))
    service.s3.objects[MANIFEST] = b'{"rows": "many"}'

    with pytest.raises(SchemaRefused, match="run the pipeline feature-ingestion again"):
        service.run(plan(tmp_path))


def test_query_waits_for_a_group_that_is_being_created(tmp_path: Path) -> None:
    service = Service(rows(1, 3))
    service.groups.groups["g"]["FeatureGroupStatus"] = "Creating"

    assert service.run(plan(tmp_path)) == 2


def test_query_of_a_group_that_does_not_exist_says_how_to_make_it(tmp_path: Path) -> None:
    service = Service(rows(1, 3))
    service.groups.groups.clear()

    with pytest.raises(GroupRefused, match="'g' does not exist: run `python execute_pipeline"):
        service.run(plan(tmp_path))


def test_query_of_a_group_without_offline_store_is_refused(tmp_path: Path) -> None:
    service = Service(rows(1, 3))
    service.groups.groups["g"]["OfflineStoreConfig"] = {}

    with pytest.raises(GroupRefused, match="has no offline store with a table"):
        service.run(plan(tmp_path))


def test_query_that_athena_refuses_shows_its_reason_and_the_query(tmp_path: Path) -> None:
    service = Service(rows(1, 3))
    service.athena.failure = "HIVE_PATH_ALREADY_EXISTS: Target directory is not empty."

    with pytest.raises(QueryFailed, match=r"failed: HIVE_PATH_ALREADY_EXISTS: .* It was: UNLOAD"):
        service.run(plan(tmp_path))


def test_plan_with_ranges_but_no_id_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaRefused, match="An id range needs id_format"):
        plan(tmp_path, schema=replace(SCHEMA, id_format=None))


def test_batch_of_a_group_is_the_batch_that_files_with_its_rows_give(tmp_path: Path) -> None:
    found = labelled(*range(1, 3000))
    write_rows(tmp_path / "raw/a.parquet", found)
    schema = write_schema(tmp_path, DOCUMENT)

    Service(found).run(batch_plan(tmp_path, max_file_bytes=20_000))
    folders = {"input": "raw", "batch": "prepared/batch", "labels": "prepared/labels"}
    options = [f"--{name}={tmp_path / folder}" for name, folder in folders.items()]
    prepare_batch.main([*options, f"--schema={schema}", "--batch-id-start=2", "--max-file-mb=0.02"])

    written = sorted(path.relative_to(tmp_path) for name in ("batch", "labels") for path in (tmp_path / name).iterdir())
    assert len(written) > 2
    for path in written:
        assert (tmp_path / path).read_bytes() == (tmp_path / "prepared" / path).read_bytes()


def test_batch_asks_for_the_customers_to_score_only(tmp_path: Path) -> None:
    service = Service(labelled(1, 2, 3))

    count = service.run(batch_plan(tmp_path))

    assert count == read_parts(tmp_path / "batch").num_rows == 2
    assert "<= 3" not in service.athena.queries[-1]
    assert read_parts(tmp_path / "batch").column_names == ["id", "age", "plan"]
    assert service.s3.objects == {}


def test_labels_of_a_batch_are_the_targets_that_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Service(labelled(2, 3, 4)).run(batch_plan(tmp_path))

    assert read_parts(tmp_path / "labels").to_pydict() == {"id": ["C02", "C04"], "left": [0, 0]}
    assert "to score 3 in 1 files, 2 of them labelled." in capsys.readouterr().out


def test_batch_with_a_bad_value_is_refused_by_customer(tmp_path: Path) -> None:
    bad = rows(2, 3).set_column(2, "age", pa.array([40.0, float("inf")]))
    message = (
        r"Feature group 'g', id 'C03', column 'age': the value inf is refused; expected is a finite number that 32 "
    )
    service = Service(bad)

    with pytest.raises(DataRefused, match=message):
        service.run(batch_plan(tmp_path))

    assert service.s3.objects == {}


@pytest.mark.parametrize("numbers", [(1,), ()])
def test_batch_of_an_empty_range_is_refused_by_name(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    """Also where Athena finds nobody and writes no file at all."""
    service = Service(rows(*numbers))

    with pytest.raises(DataRefused, match=r"has no customers for scoring \(ids 2 to last\) before 2026-02-01"):
        service.run(batch_plan(tmp_path))


def test_batch_with_customers_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaRefused, match="with --batch give --batch-id-start and --batch-id-end, and leave out"):
        batch_plan(tmp_path, ranges={"training": IdRange(1, 3), "scoring": IdRange(2, None)})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output=a", "--batch=b"], "Rows go to one folder: give --output for preprocess.py, or --batch to score"),
        (["--labels=c"], "--labels is given without --batch: give both, or none"),
        (["--batch=b", "--train-id-start=1"], "leave out --train-id-start and --train-id-end"),
        (["--batch=b", "--batch-id-end=ten"], "The id bound 'ten' is refused"),
    ],
)
def test_impossible_options_are_refused(
    tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = write_schema(tmp_path, DOCUMENT)
    required = ["--feature-group=g", "--manifest=s3://b/m", "--query-results=s3://b/q", "--unload=s3://b/u"]

    code = main([*required, f"--schema={schema}", "--batch-id-start=1", *options])

    assert code == 1
    assert message in capsys.readouterr().err
