"""The AWS CLI, as pip gives it, writes with Athena: CTAS, INSERT, UNLOAD, views, prepared statements, work groups."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance.awscli import AwsCli, install, shell_environment
from tests.acceptance.conftest import Endpoint
from tests.acceptance.execution import until

BUCKET = "awscli-lake"
DATABASE = "awscli_lake"


@dataclass(frozen=True)
class Lake:
    """The CLI with a database; each `aws` takes up to a second, so what is asked again and again goes through boto3."""

    aws: AwsCli
    endpoint: Endpoint

    def ask(self, sql: str, options: str = "") -> dict[str, Any]:
        """Start a statement with the CLI and wait for its end."""
        started = self.aws.json(
            f'athena start-query-execution --query-string "{sql}" --query-execution-context Database={DATABASE} '
            f"--result-configuration OutputLocation=s3://{BUCKET}/results/ {options}"
        )
        athena = self.endpoint.client("athena")

        def ended() -> Any:
            execution = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]
            return execution["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"} and execution

        execution: dict[str, Any] = until(ended, timeout=60)
        return execution

    def succeed(self, sql: str, options: str = "") -> dict[str, Any]:
        """Run a statement that must succeed."""
        execution = self.ask(sql, options)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        return execution

    def results(self, execution: dict[str, Any]) -> list[list[str | None]]:
        """All rows as the CLI gives them: it turns the pages itself."""
        option = f"--query-execution-id {execution['QueryExecutionId']} --page-size 2"
        found = self.aws.json(f"athena get-query-results {option}")["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]

    def keys(self, prefix: str) -> list[str]:
        """The objects below a prefix."""
        listed = self.endpoint.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def body(self, uri: str) -> bytes:
        """An object's bytes."""
        key = uri.removeprefix(f"s3://{BUCKET}/")
        return bytes(self.endpoint.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


@pytest.fixture(scope="module")
def lake(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A table that CTAS has filled."""
    aws = AwsCli(install(), shell_environment(endpoint), tmp_path_factory.mktemp("awscli"))
    location = {"LocationConstraint": "us-west-2"}
    endpoint.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    lake = Lake(aws, endpoint)
    lake.succeed(f"CREATE DATABASE {DATABASE}")
    lake.succeed(
        f"CREATE TABLE scores WITH (format = 'PARQUET', external_location = 's3://{BUCKET}/scores/', "
        "partitioned_by = ARRAY['dt']) AS SELECT * FROM (VALUES (1, 0.5E0, '2026-01-01'), (2, 1.5E0, '2026-01-02'), "
        "(3, NULL, '2026-01-02')) AS t (id, score, dt)"
    )
    return lake


def test_ctas_registers_the_table_with_its_partitions(lake: Lake) -> None:
    name = f"--database-name {DATABASE} --table-name scores"
    metadata = lake.aws.json(f"athena get-table-metadata --catalog-name AwsDataCatalog {name}")["TableMetadata"]
    partitions = lake.aws.json(f"glue get-partitions {name}")["Partitions"]

    assert [column["Name"] for column in metadata["Columns"]] == ["id", "score"]
    assert metadata["Parameters"]["location"] == f"s3://{BUCKET}/scores/"
    assert sorted(partition["Values"][0] for partition in partitions) == ["2026-01-01", "2026-01-02"]
    assert {key.split("/")[1] for key in lake.keys("scores/")} == {"dt=2026-01-01", "dt=2026-01-02"}


def test_rows_are_read_over_several_pages(lake: Lake) -> None:
    execution = lake.succeed("SELECT id, score FROM scores WHERE id < 4 ORDER BY id")

    assert lake.results(execution) == [["id", "score"], ["1", "0.5"], ["2", "1.5"], ["3", None]]


def test_ctas_without_a_location_writes_below_the_results(lake: Lake) -> None:
    execution = lake.succeed("CREATE TABLE copied AS SELECT id FROM scores")

    table = lake.endpoint.client("glue").get_table(DatabaseName=DATABASE, Name="copied")["Table"]
    folder = f"results/tables/{execution['QueryExecutionId']}/"
    assert table["StorageDescriptor"]["Location"].rstrip("/") == f"s3://{BUCKET}/{folder}".rstrip("/")
    manifest = lake.body(execution["Statistics"]["DataManifestLocation"]).decode().split()
    assert manifest == [f"s3://{BUCKET}/{key}" for key in lake.keys(folder)]


def test_insert_adds_a_partition(lake: Lake) -> None:
    inserted = lake.succeed("INSERT INTO scores VALUES (4, 2.5, '2026-01-03')")

    assert inserted["SubstatementType"] == "INSERT"
    shown = lake.results(lake.succeed("SHOW PARTITIONS scores"))
    assert ["dt=2026-01-03"] in shown


def test_unload_writes_compressed_json(lake: Lake) -> None:
    lake.succeed(
        f"UNLOAD (SELECT id, score FROM scores WHERE id < 4) TO 's3://{BUCKET}/unloaded/' WITH (format = 'JSON')"
    )

    lake.aws.text(f"s3 sync s3://{BUCKET}/unloaded unloaded")
    files = list((lake.aws.folder / "unloaded").iterdir())
    rows = [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert sorted(row["id"] for row in rows) == [1, 2, 3]


def test_unload_into_a_prefix_with_files_fails(lake: Lake) -> None:
    execution = lake.ask(f"UNLOAD (SELECT id FROM scores) TO 's3://{BUCKET}/scores/' WITH (format = 'PARQUET')")

    assert execution["Status"]["State"] == "FAILED"
    assert "HIVE_PATH_ALREADY_EXISTS" in execution["Status"]["StateChangeReason"]


def test_prepared_statement_takes_its_parameters(lake: Lake) -> None:
    lake.aws.text(
        "athena create-prepared-statement --statement-name by_day --work-group primary "
        '--query-statement "SELECT count(*) AS n FROM scores WHERE dt = ?"'
    )

    execution = lake.succeed("EXECUTE by_day", "--execution-parameters \"'2026-01-02'\"")

    assert lake.results(execution) == [["n"], ["2"]]


def test_work_group_enforces_its_output_location(lake: Lake) -> None:
    result = f"ResultConfiguration={{OutputLocation=s3://{BUCKET}/enforced/}}"
    lake.aws.text(f"athena create-work-group --name awscli --configuration EnforceWorkGroupConfiguration=true,{result}")

    execution = lake.succeed("SELECT 1 AS x", "--work-group awscli")

    assert execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/enforced/")


def test_malformed_statement_is_refused_with_its_place(lake: Lake) -> None:
    done = lake.aws.run(
        'athena start-query-execution --query-string "SELECT FROM WHERE" '
        f"--result-configuration OutputLocation=s3://{BUCKET}/results/"
    )

    assert done.returncode != 0
    assert "(InvalidRequestException)" in done.stderr
    assert "line 1:" in done.stderr
