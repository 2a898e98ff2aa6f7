import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from evaluate_batch import main
from publish import publish
from publish_plan import Mode

from tests.fakes.datasets import PRICES, SMALL, write_rows, write_schema
from tests.fakes.evaluating import IDS, LABELS, PROBABILITIES, scores_table, write_labels, write_scores
from tests.fakes.glue import FakeGlue, error
from tests.fakes.publishing import plan_of, scored
from tests.fakes.s3 import FakeS3
from tests.fakes.web_page import WebPage

ORIGIN = {"model_package_arn": "arn:model/1", "execution_id": "run-1", "day": "2026-01-31"}
COUNTS = {"rows": 5, "labelled_rows": 5, "unlabelled_rows": 0, "unknown_labels": 0, "empty_labels": 0}


class Job:
    """One run of the command on a folder."""

    def __init__(self, folder: Path, document: dict[str, Any] = SMALL) -> None:
        self.folder = folder
        self.schema = write_schema(folder, document)

    def run(self, *options: str) -> int:
        return main([f"--schema={self.schema}", f"--output={self.folder / 'out'}", *options])

    def transformed(self, *options: str) -> dict[str, Any]:
        inputs = [f"--{name}={self.folder / name}" for name in ("predictions", "labels")]
        origin = ["--model-package-arn=arn:model/1", "--execution-id=run-1", "--day=2026-01-31"]
        assert self.run(*inputs, *origin, *options) == 0
        return self.document

    @property
    def document(self) -> dict[str, Any]:
        """evaluation.json, read as strictly as JSON is."""

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        text = (self.folder / "out/evaluation.json").read_text(encoding="utf-8")
        document: dict[str, Any] = json.loads(text, parse_constant=refuse)
        return document

    @property
    def page(self) -> WebPage:
        return WebPage((self.folder / "out/report.html").read_text(encoding="utf-8"))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_labelled_batch_gets_flat_metrics_and_a_page(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    write_scores(job.folder, scores_table(IDS, PROBABILITIES))
    write_labels(job.folder, IDS[::-1], LABELS[::-1])

    document = job.transformed()

    metrics = {"accuracy": 3 / 5, "precision": 1 / 2, "recall": 1 / 2, "f1_score": 1 / 2, "roc_auc": 5 / 6}
    assert document == pytest.approx({"evaluated": True, **metrics, **COUNTS, **ORIGIN})
    titles = ["ROC curve", "Precision and recall", "Calibration", "Confusion matrix", "Cumulative gains", "Lift"]
    assert job.page.texts("h2") == titles
    assert {"arn:model/1", "run-1", "2026-01-31", "2 (40.0%)"} <= set(job.page.texts("td"))
    assert "Evaluated 5 of 5 rows: accuracy 0.6000, precision 0.5000," in capsys.readouterr().out


def test_regression_gets_its_own_metrics_and_plots(tmp_path: Path) -> None:
    job = Job(tmp_path, PRICES)
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions/a.csv.out").write_text("A,1,\nB,2,\nC,5,\n")
    write_labels(tmp_path, ["A", "B", "C"], [1, 2, 3], target="price")

    document = job.transformed()

    counts = COUNTS | {"rows": 3, "labelled_rows": 3}
    metrics = {"rmse": (4 / 3) ** 0.5, "mae": 2 / 3, "r2": -1.0}
    assert document == pytest.approx({"evaluated": True, **metrics, **counts, **ORIGIN})
    assert job.page.texts("h2") == ["Predicted against actual", "Residuals", "Residuals against predictions"]


def test_batch_without_labels_is_not_evaluated_and_says_so(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    write_scores(job.folder, scores_table(IDS, PROBABILITIES))
    write_labels(job.folder, [], [])

    document = job.transformed()

    reason = "none of the 5 rows has a label (churned)."
    assert document == {"evaluated": False, "reason": reason, "rows": 5, "labelled_rows": 0, **ORIGIN}
    assert job.page.texts("h2") == ["Not evaluated"]
    assert capsys.readouterr().out == f"Not evaluated: {reason}\n"


def test_rows_left_over_on_either_side_are_counted_and_said(job: Job) -> None:
    write_scores(job.folder, scores_table([*IDS, "F"], [*PROBABILITIES, 0.3]))
    write_labels(job.folder, [*IDS[1:], "<X>"], [*LABELS[1:], 1])

    document = job.transformed()

    assert [document[name] for name in COUNTS] == [6, 4, 2, 1, 0]
    assert job.page.texts("li") == [
        "2 scored rows have no label: they are in none of the values.",
        "1 labels are of ids that were not scored, and were left out: '<X>'.",
    ]


def test_labels_of_one_class_leave_out_what_compares_both(job: Job) -> None:
    write_scores(job.folder, scores_table(IDS, PROBABILITIES))
    write_labels(job.folder, IDS, [0] * 5)

    document = job.transformed()

    assert document["roc_auc"] is None
    assert document["roc_auc_reason"] == "all 5 labels are of the negative class; ROC AUC compares rows of both"
    assert document["accuracy"] == pytest.approx(3 / 5)
    assert job.page.texts("h2") == ["Good to know", "Calibration", "Confusion matrix"]
    assert job.page.texts("li")[:2] == [
        "ROC AUC has no value: all 5 labels are of the negative class; ROC AUC compares rows of both.",
        "For the same reason there are no curves of ROC, precision and recall, gains and lift.",
    ]


def test_day_is_that_on_which_the_execution_started(job: Job) -> None:
    write_scores(job.folder, scores_table(IDS, PROBABILITIES))
    write_labels(job.folder, IDS, LABELS)

    assert job.transformed("--day=today", "--execution-started=2026-01-05T23:59:59Z")["day"] == "2026-01-05"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--day=31.01."], "--day '31.01.' is refused: write YYYY-MM-DD or today"),
        (["--table=daily"], "--table 'daily' is refused: write DATABASE.TABLE"),
    ],
)
def test_ill_arguments_are_refused(
    job: Job, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job.run(*options) == 1
    assert message in capsys.readouterr().err


class Late(Job):
    """A published day and the labels that came after it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode = Mode.REPLACE_PARTITION) -> None:
        super().__init__(folder)
        self.mode = mode
        self.clients: dict[str, Any] = {"s3": FakeS3(), "glue": FakeGlue()}
        monkeypatch.setattr("boto3.client", lambda service, **_: self.clients[service])
        self.publish("run-1")

    def publish(self, execution: str) -> None:
        scored(self.folder, files=1)
        plan = plan_of(self.folder, execution=execution, mode=self.mode, day=date(2026, 1, 31))
        publish(plan, self.clients["s3"], self.clients["glue"])

    def label(self, text: str) -> None:
        (self.folder / "raw").mkdir(exist_ok=True)
        (self.folder / "raw/labels.csv").write_text(text, encoding="utf-8")

    def evaluate(self, day: str = "2026-01-31") -> int:
        return self.run("--table=scores.daily", f"--day={day}", f"--raw-labels={self.folder / 'raw'}", "--region=x")


def test_published_day_is_evaluated_by_labels_that_came_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probabilities of the 20 rows are 0.00 to 0.19: all are predicted to be negative."""
    late = Late(tmp_path, monkeypatch)
    late.label("CUST_000020,1\nCUST_000001,0\nCUST_000019,0\nCUST_000002,\nCUST_999999,1\n")

    assert late.evaluate() == 0

    metrics = {"accuracy": 2 / 3, "precision": 0.0, "recall": 0.0, "f1_score": 0.0, "roc_auc": 1.0}
    counts = {"rows": 20, "labelled_rows": 3, "unlabelled_rows": 17, "unknown_labels": 1, "empty_labels": 1}
    assert late.document == pytest.approx({"evaluated": True, **metrics, **counts, **ORIGIN})
    assert "1 rows of the label files have an id and no churned." in late.page.texts("li")


def test_day_of_several_runs_names_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late(tmp_path, monkeypatch, Mode.APPEND)
    late.publish("run-2")
    late.label("CUST_000001,0\nCUST_000002,1\n")

    assert late.evaluate() == 0

    assert (late.document["rows"], late.document["labelled_rows"]) == (20, 2)
    assert set(late.document["execution_id"].split(", ")) == {"run-1", "run-2"}
    assert late.document["model_package_arn"] == "arn:model/1"


@pytest.mark.parametrize(
    ("text", "day", "message"),
    [
        (
            "CUST_000001,0\n",
            "2026-02-01",
            "scores.daily has no rows of 2026-02-01; the nearest days that it has are '2026-",
        ),
        (
            "CUST_000099,0\n",
            "2026-01-31",
            "None of the 1 labels is of one of the 20 scored rows: labelled are 'CUST_000099'",
        ),
        ("CUST_000001,\n", "2026-01-31", "The label files have no label: 1 rows have an id and an empty 'churned'"),
        ("CUST_000001,2\n", "2026-01-31", "column 'churned': the value '2' is refused"),
        ("CUST_000001,0\nCUST_000001,1\n", "2026-01-31", "1 ids have more than one label: 'CUST_000001'"),
    ],
)
def test_late_labels_that_tell_nothing_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    day: str,
    message: str,
) -> None:
    late = Late(tmp_path, monkeypatch)
    late.label(text)

    assert late.evaluate(day) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_refusal_of_aws_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    late = Late(tmp_path, monkeypatch)
    late.label("CUST_000001,0\n")

    def refuse(**_: Any) -> None:
        raise error("AccessDeniedException", "GetTable")

    monkeypatch.setattr(late.clients["glue"], "get_table", refuse)

    assert late.evaluate() == 1
    assert "Error: AWS refused: An error occurred (AccessDeniedException)" in capsys.readouterr().err


def test_raw_label_file_may_be_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late(tmp_path, monkeypatch)
    rows = pa.table({"customer_id": ["CUST_000001", "CUST_000002"], "churned": [0, 1], "reason": ["a", "b"]})
    write_rows(tmp_path / "raw/labels.parquet", rows)

    assert late.evaluate() == 0
    assert late.document["labelled_rows"] == 2
