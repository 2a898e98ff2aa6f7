"""A prediction is found, its execution and its model are looked up, and the explanation is printed."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from cli import athena, main
from cli.commands import explain
from cli.context import Context
from cli.errors import CommandError, UnknownExecution
from cli.executions.history import execution_id
from cli.published_row import PublishedRow
from tests.fakes.datasets import SMALL, small_rows
from tests.fakes.models import trained
from tests.unit.cli.fakes import ARN, context_with, step
from tests.unit.cli.test_batch_row import FakeS3, job

MODEL = "arn:aws:sagemaker:us-west-2:000000000000:model-package/churn-models/3"
JOB = "arn:aws:sagemaker:us-west-2:000000000000:transform-job/pipelines-abcdefghijkl-transform-q"
EXPLAINED = {
    "id": "CUST_000005",
    "prediction": 1,
    "prediction_probability": 0.75,
    "target": "churned",
    "classes": ["no", "yes"],
    "unit": "log-odds",
    "base_value": -1.0,
    "margin": 1.0986122886681098,
    "features": [
        {"name": "age[0]", "value": 42.5, "note": "", "contribution": 2.5, "direction": "raises"},
        {"name": "plan", "value": None, "note": "missing", "contribution": -0.25, "direction": "lowers"},
        {"name": "city", "value": "X", "note": "", "contribution": -0.1, "direction": "lowers"},
        {"name": "zone", "value": "Y", "note": "", "contribution": -0.05, "direction": "lowers"},
    ],
}


class FakeSageMaker:
    """One execution with a transform job, and one version."""

    def __init__(self) -> None:
        self.steps = [
            step("Preprocess", "Succeeded"),
            step("Transform", "Succeeded", Metadata={"TransformJob": {"Arn": JOB}}),
        ]

    def list_pipeline_execution_steps(self, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSteps": self.steps}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_transform_jobs"
        name = "pipelines-abcdefghijkl-Transform-Q"
        page = {"TransformJobSummaries": [{"TransformJobArn": JOB, "TransformJobName": name}]}
        return SimpleNamespace(paginate=lambda **_: [page])

    def describe_transform_job(self, *, TransformJobName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        assert TransformJobName == "pipelines-abcdefghijkl-Transform-Q"
        return job()

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        assert ModelPackageName == MODEL
        return {"InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://lake/models/3/model.tar.gz"}]}}


class Storage(FakeS3):
    """S3 that files are downloaded from."""

    class exceptions:  # noqa: N801  # the name that boto3 clients have
        ClientError = ClientError

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        assert Bucket == "lake"
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        assert bucket == "lake"
        Path(path).write_bytes(self.objects[key])


class Terminal:
    """The command over a table whose answers are given one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3, self.sagemaker = Storage(), FakeSageMaker()
        self.answers: list[list[list[str | None]]] = []
        self.asked: list[str] = []
        self.context: Context
        self.printed: io.StringIO
        self.context, self.printed = context_with(s3=self.s3, sagemaker=self.sagemaker)
        self.context.__dict__["config"] = SimpleNamespace(
            athena_database="scores", athena_output_table="daily", dataset=SimpleNamespace(id_column="customer_id")
        )
        monkeypatch.setattr(athena, "run", self._answer)
        monkeypatch.setattr("cli.executions.history.find_execution", lambda *_: ARN)

    def _answer(self, _: Context, sql: str) -> athena.QueryResult:
        self.asked.append(sql)
        return athena.QueryResult([], [], self.answers.pop(0), 0, 0.0)

    def run(self, *options: str, customer: str = "CUST_000005") -> str:
        explain.explain(self.context, main.build_parser().parse_args(["explain", customer, *options]))
        return self.printed.getvalue()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)


@pytest.fixture
def explained(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal whose script answers EXPLAINED."""
    monkeypatch.setattr(explain, "_scored_again", lambda *_: dict(EXPLAINED))
    terminal.answers = [[["2026-01-31", "1", "0.75", MODEL, execution_id(ARN)]]]
    return terminal


@pytest.fixture
def published(terminal: Terminal, tmp_path: Path) -> Terminal:
    """A terminal over a model, its archive and the row that it scored, all real."""
    rows = small_rows(300)
    model = trained(tmp_path / "model", SMALL, rows)
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        for path in (tmp_path / "model").iterdir():
            archive.add(path, path.name)
    terminal.s3.objects["models/3/model.tar.gz"] = (tmp_path / "model.tar.gz").read_bytes()
    batch = rows.drop_columns("churned")
    body = io.BytesIO()
    pq.write_table(batch, body, row_group_size=7)
    terminal.s3.objects["batch/run/part-00000.parquet"] = body.getvalue()
    score = model.booster.inplace_predict(model.signature.apply(batch.slice(4, 1)).matrix)[0]
    row = ["2026-01-31", str(int(score >= 0.5)), repr(float(score)), MODEL, execution_id(ARN)]
    terminal.answers = [[[*row]]]
    return terminal


def test_prediction_is_scored_again_and_explained(published: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    probability = float(str(published.answers[0][0][2]))

    published.run("--json")

    document = json.loads(capsys.readouterr().out)
    assert document["prediction_probability"] == probability
    assert document["is_published_score"] is True
    assert (document["day"], document["execution_id"], document["model_package_arn"]) == (
        "2026-01-31",
        "abcdefghijkl",
        MODEL,
    )
    assert {feature["name"] for feature in document["features"]} == {"amount", "plan"}


def test_score_that_differs_ends_the_command_with_both_values(published: Terminal) -> None:
    score = np.float32(float(str(published.answers[0][0][2])))
    published.answers[0][0][2] = repr(float(np.nextafter(score, np.float32(1))))

    with pytest.raises(CommandError, match="is not the published one") as caught:
        published.run()

    assert repr(float(score)) in str(caught.value)
    assert f"The row is of 2026-01-31, execution abcdefghijkl, model {MODEL}." in str(caught.value)


def test_archive_that_is_gone_is_named(published: Terminal) -> None:
    del published.s3.objects["models/3/model.tar.gz"]

    with pytest.raises(
        CommandError, match=rf"the artifact of {MODEL} is not in S3 any more \(s3://lake/models/3/model"
    ):
        published.run()


def test_archive_that_is_broken_is_said(published: Terminal) -> None:
    published.s3.objects["models/3/model.tar.gz"] = b"no archive"

    with pytest.raises(CommandError, match="cannot be unpacked"):
        published.run()


def test_script_that_breaks_shows_its_traceback(terminal: Terminal) -> None:
    row = PublishedRow("CUST_000005", "2026-01-31", "1", "0.75", MODEL, "abcdefghijkl")
    text = "Traceback (most recent call last):\n  File\nImportError: no module\n"

    assert explain._last_words(text, row).startswith(
        "Traceback (most recent call last):\n  File\nImportError: no module\n"
    )


def test_table_shows_features_values_and_directions(explained: Terminal) -> None:
    text = explained.run()

    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if line[0] == "│"]
    assert lines == [
        ["age[0]", "42.5", "+2.5000", "raises"],
        ["plan", "(missing)", "-0.2500", "lowers"],
        ["city", "X", "-0.1000", "lowers"],
        ["zone", "Y", "-0.0500", "lowers"],
    ]
    assert "CUST_000005, 2026-01-31: churned yes, probability 0.7500\n" in text
    assert "Scored by version 3 in execution abcdefghijkl. Scored again now" in text
    assert (
        "Without any feature: -1.0000 (probability 0.2689). With all contributions: 1.0986 (probability 0.7500)."
        in text
    )


def test_features_beyond_the_top_are_added_up(explained: Terminal) -> None:
    text = explained.run("--top", "2")

    assert re.search(r"│ 2 others +│ +│ -0\.1500 +│", text)
    assert "city" not in text


def test_regression_is_told_in_the_targets_units(explained: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    price = {
        **EXPLAINED,
        "classes": None,
        "prediction_probability": None,
        "prediction": 9.5,
        "unit": "rings",
        "target": "rings",
    }
    monkeypatch.setattr(explain, "_scored_again", lambda *_: price)

    text = explained.run()

    assert "CUST_000005, 2026-01-31: rings 9.5\n" in text
    assert "Without any feature: -1.0000. With all contributions: 1.0986." in text


@pytest.mark.parametrize(
    ("options", "sql"),
    [
        ((), 'FROM "scores"."daily" WHERE "customer_id" = \'it\'\'s\' ORDER BY dt DESC'),
        (("--day", "2026-01-31"), "= 'it''s' AND dt = '2026-01-31' ORDER BY dt DESC"),
        (("--table", "other"), 'FROM "scores"."other" WHERE'),
        (("--table", 'lake.o"t'), 'FROM "lake"."o""t" WHERE'),
    ],
)
def test_question_quotes_whatever_is_given(explained: Terminal, options: tuple[str, ...], sql: str) -> None:
    explained.run(*options, customer="it's")

    assert sql in explained.asked[0]


def test_unknown_customer_is_refused_with_the_days_that_are_published(terminal: Terminal) -> None:
    days: list[list[str | None]] = [[f"2026-01-{day:02d}"] for day in range(31, 19, -1)]
    terminal.answers = [[], days]

    with pytest.raises(
        CommandError, match=r"'nobody' has no prediction in scores\.daily\. Published are: 2026-01-31, "
    ):
        terminal.run(customer="nobody")

    terminal.answers = [[], days]
    with pytest.raises(
        CommandError, match=r"2026-01-22 and 2 earlier ones\. Look for the id with `python pipeline.py q"
    ):
        terminal.run(customer="nobody")


def test_customer_of_other_days_is_told_them(terminal: Terminal) -> None:
    terminal.answers = [[], [["2026-01-30"], ["2026-01-29"]]]

    with pytest.raises(
        CommandError, match=r"has no prediction of 2026-01-31 in .*; it has some of: 2026-01-30, 2026-01-29\."
    ):
        terminal.run("--day", "2026-01-31")


def test_customer_of_no_day_is_told_those_of_the_table(terminal: Terminal) -> None:
    terminal.answers = [[], [], [["2026-01-30"]]]

    with pytest.raises(CommandError, match=r"has no prediction in scores\.daily\. Published are: 2026-01-30\."):
        terminal.run("--day", "2026-01-31")


def test_table_without_days_is_said(terminal: Terminal) -> None:
    terminal.answers = [[], []]

    with pytest.raises(CommandError, match="has no published days yet"):
        terminal.run()


def test_execution_that_is_gone_is_said(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> str:
        raise UnknownExecution("there is none")

    monkeypatch.setattr("cli.executions.history.find_execution", gone)
    terminal.answers = [[["2026-01-31", "1", "0.75", MODEL, "abcdefghijkl"]]]

    with pytest.raises(CommandError, match="comes from execution abcdefghijkl, which is not in the history"):
        terminal.run()


def test_execution_without_a_transform_job_is_said(terminal: Terminal) -> None:
    terminal.sagemaker.steps = terminal.sagemaker.steps[:1]
    terminal.answers = [[["2026-01-31", "1", "0.75", MODEL, "abcdefghijkl"]]]

    with pytest.raises(CommandError, match="execution abcdefghijkl has no step with a transform job"):
        terminal.run()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top", "0"), "--top 0 is refused"),
        (("--day", "yesterday"), "--day 'yesterday' is refused: write a day as YYYY-MM-DD"),
        (("--day", "20260131"), "--day '20260131' is refused"),
    ],
)
def test_bad_option_is_refused_before_anything_is_asked(
    terminal: Terminal, options: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        terminal.run(*options)

    assert terminal.asked == []
