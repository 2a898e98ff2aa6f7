"""CSV files that are put into the bucket: scored once each, refused by row, and never lost."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv
import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.execution import BUCKET, TABLE, Execution, until
from tests.acceptance.lifecycle import APPROVED, LEARNERS, ROOT, SCORED_IDS, Lifecycle, created, everybody

PIPELINE = "upload-inference"
INPUT = f"{ROOT}/batch-inference/input/"
FUNCTION = "churn-start-on-upload"


@pytest.fixture(scope="module")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    """One approved version, and uploads that start their pipeline as on AWS: S3 to EventBridge to the function."""
    started = start(tmp_path_factory.mktemp("uploads"))
    try:
        deployed = Lifecycle.deploy(started, "training", PIPELINE)
        deployed.train(APPROVED)
        wire(deployed)
        yield deployed
    finally:
        stop(started)


def wire(lifecycle: Lifecycle) -> None:
    client = lifecycle.endpoint.client
    client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    function = client("lambda").get_function(FunctionName=FUNCTION)["Configuration"]["FunctionArn"]
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": INPUT}]}},
    }
    client("events").put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule="uploads", Targets=[{"Id": "start", "Arn": function}])


def rows(count: int = 50, *, with_target: bool = False) -> list[str]:
    """Customers as lines without a header: the id, the features, and the label when asked for."""
    table = everybody().slice(LEARNERS, count).drop_columns(["event_time"])
    body = io.BytesIO()
    table = table if with_target else table.drop_columns(["churned"])
    pa.csv.write_csv(table, body, pa.csv.WriteOptions(include_header=False, quoting_style="none"))
    return body.getvalue().decode().splitlines()


def put(lifecycle: Lifecycle, name: str, lines: list[str]) -> Execution:
    """Upload a file and give the execution that it starts."""
    known = set(lifecycle.executions(PIPELINE))
    body = "".join(f"{line}\n" for line in lines).encode()
    lifecycle.endpoint.client("s3").put_object(Bucket=BUCKET, Key=f"{INPUT}{name}", Body=body)
    arn = until(lambda: next((arn for arn in lifecycle.executions(PIPELINE) if arn not in known), None), timeout=30)
    return Execution(lifecycle.endpoint, arn)


def scored(lifecycle: Lifecycle, execution: Execution) -> list[str]:
    """The ids that a reader of the table sees for an upload."""
    sql = f"SELECT customer_id FROM {TABLE}_uploads WHERE execution_id = '{execution.id}' ORDER BY customer_id"
    done = lifecycle.endpoint.door("pipeline.py", "query", sql, "--format", "csv", "--local")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1:]


def test_good_file_is_scored_published_and_evaluated_when_it_has_labels(lifecycle: Lifecycle) -> None:
    plain = put(lifecycle, "plain.csv", rows())
    labelled = put(lifecycle, "labelled.csv", rows(with_target=True))

    assert (plain.wait(), labelled.wait()) == ("Succeeded", "Succeeded")
    assert scored(lifecycle, plain) == scored(lifecycle, labelled) == SCORED_IDS[:50]
    evaluations = [
        json.loads(lifecycle.objects(f"evaluation/batch/{execution.id}/")["evaluation.json"])
        for execution in (plain, labelled)
    ]
    assert [evaluation["evaluated"] for evaluation in evaluations] == [False, True]
    assert 0.5 < evaluations[1]["roc_auc"] <= 1


@pytest.mark.parametrize(
    "name", ["with space.csv", "Kunden März 2026 – ämter.csv", "a+b&c=d%20.csv", "deep/er/file.csv"]
)
def test_name_may_be_any(lifecycle: Lifecycle, name: str) -> None:
    execution = put(lifecycle, name, rows(5))

    assert execution.wait() == "Succeeded"
    assert scored(lifecycle, execution) == SCORED_IDS[:5]


def test_duplicate_event_starts_nothing_twice_and_a_new_version_starts_anew(lifecycle: Lifecycle) -> None:
    execution = put(lifecycle, "again.csv", rows(5))
    assert execution.wait() == "Succeeded"
    functions, before = lifecycle.endpoint.client("lambda"), lifecycle.executions(PIPELINE)
    event = json.dumps(created(f"{INPUT}again.csv", sequencer="0055AED6DCD90281E5")).encode()

    answers = [json.loads(functions.invoke(FunctionName=FUNCTION, Payload=event)["Payload"].read()) for _ in range(2)]

    assert answers[0] == answers[1]
    (started,) = set(lifecycle.executions(PIPELINE)) - set(before)
    assert Execution(lifecycle.endpoint, started).wait() == "Succeeded"
    newer = put(lifecycle, "again.csv", rows(6))
    assert newer.wait() == "Succeeded"
    assert scored(lifecycle, newer) == SCORED_IDS[:6]


BAD = {
    "malformed.csv": ([*rows(5), rows(6)[5].replace(",", ",x", 2)], ("row 6", "age")),
    "empty.csv": ([], ("empty", "no rows")),
    "columns.csv": ([*rows(5), "CUST_000001,1,2"], ("6", "3")),
    "twice.csv": ([*rows(5), rows(5)[0]], ("twice", SCORED_IDS[0])),
    "header.csv": ([",".join(everybody().drop_columns(["event_time", "churned"]).column_names), *rows(5)], ("header",)),
}
"""Name -> lines, and words of which the reason has one each."""


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_with_its_reason_and_one_message(lifecycle: Lifecycle, name: str) -> None:
    lines, words = BAD[name]
    before = len(lifecycle.mails())

    execution = put(lifecycle, name, lines)

    assert execution.wait() == "CompletedWithFailures"
    reason = execution.reason("CheckUpload")
    assert any(word in reason for word in words), reason
    assert "Transform" not in execution.states()
    assert scored(lifecycle, execution) == []
    (mail,) = lifecycle.mails()[before:]
    assert mail["subject"] == "[SageMaker Pipeline Failed] CheckUpload"
    kept = lifecycle.objects(f"errors/{execution.id}/")
    assert "failure.json" in kept
