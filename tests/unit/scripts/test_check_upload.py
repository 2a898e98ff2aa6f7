"""Uploads of every kind: what is scored, what is refused, and what is kept of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import check_upload as script
import pyarrow as pa
import pytest
import upload_rows
from check_upload import Plan, check_upload, main
from dataset_schema import DataRefused, Schema, SchemaRefused

from tests.fakes.datasets import PRICES, SMALL, read_parts, write_schema
from tests.fakes.feature_clients import MemoryS3

REFUSED = "s3://b/errors/e1/refused.jsonl"
SHELLS: dict[str, Any] = PRICES | {"csv_columns": ["price", "plan", "amount"]}
"""A file without ids, the target first."""
ONE: dict[str, Any] = SMALL | {"features": [{"name": "amount", "kind": "numeric"}]}
GOOD = "CUST_000001,1.5,basic\nCUST_000002,,\nCUST_000003,3,\n"


@dataclass
class Desk:
    """A folder of uploads, and the bucket for errors."""

    folder: Path
    document: dict[str, Any] = field(default_factory=lambda: SMALL)
    s3: MemoryS3 = field(default_factory=MemoryS3)

    def put(self, text: str | bytes, name: str = "a.csv") -> None:
        path = self.folder / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def check(self, **changes: Any) -> None:
        plan = Plan(
            source=self.folder / "in",
            schema=Schema.from_document(self.document),
            batch=self.folder / "batch",
            labels=self.folder / "labels",
            errors="s3://b/errors/e1/",
            max_refused_share=0.0,
            max_file_bytes=1_000_000,
        )
        check_upload(replace(plan, **changes), self.s3)

    def lines(self) -> list[str]:
        paths = sorted((self.folder / "batch").iterdir())
        return "".join(path.read_text(encoding="utf-8") for path in paths).splitlines()

    @property
    def labels(self) -> pa.Table:
        return read_parts(self.folder / "labels")

    @property
    def refused(self) -> list[tuple[int, Sequence[str]]]:
        """Row and reasons of what is kept."""
        body = self.s3.objects.get(REFUSED, b"").decode()
        return [(line["row"], line["reasons"]) for line in map(json.loads, body.splitlines())]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_good_file_becomes_lines_of_id_and_features(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.put(GOOD)

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,basic", "CUST_000002,,", "CUST_000003,3,"]
    assert desk.labels.num_rows == 0
    assert desk.s3.objects == {}
    assert capsys.readouterr().out == "Read 3 rows from 1 files; to score 3 in 1 files, 0 of them labelled.\n"


def test_file_with_the_target_gives_labels_and_the_same_lines(desk: Desk) -> None:
    desk.put("CUST_000001,1.5,basic,1\nCUST_000002,2,,\nCUST_000003,3,plus,0.0\n")

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,basic", "CUST_000002,2,", "CUST_000003,3,plus"]
    assert desk.labels.to_pylist() == [
        {"customer_id": "CUST_000001", "churned": 1},
        {"customer_id": "CUST_000003", "churned": 0},
    ]
    assert desk.labels.schema.types == [pa.string(), pa.int32()]


@pytest.mark.parametrize("target", ["7.5,", ""])
def test_csv_columns_say_the_order_and_the_lines_number_becomes_the_id(tmp_path: Path, target: str) -> None:
    desk = Desk(tmp_path, SHELLS)
    desk.put(f"{target}basic,1.5\n\n{target}plus,2\n")

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,basic", "CUST_000003,2,plus"]
    assert desk.labels["price"].to_pylist() == ([7.5, 7.5] if target else [])
    assert desk.labels.schema.types == [pa.string(), pa.float64()]


def test_event_time_of_csv_columns_may_be_anything(tmp_path: Path) -> None:
    columns = ["customer_id", "at", "amount", "plan", "churned"]
    desk = Desk(tmp_path, SMALL | {"event_time_column": "at", "csv_columns": columns})
    desk.put("CUST_000001,yesterday,1.5,basic\n")

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,basic"]


def test_schema_with_an_event_time_asks_for_none_in_uploads(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SMALL | {"event_time_column": "at"})
    desk.put(GOOD)

    desk.check()

    assert len(desk.lines()) == 3


@pytest.mark.parametrize(
    "text",
    [
        GOOD.removesuffix("\n"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\n\n"),
        "\n" + GOOD + "\n\n",
        "\ufeff" + GOOD,
        GOOD.replace("basic", '"basic"').replace("1.5", '"1.50"'),
        'CUST_000001,1.5,basic\nCUST_000002,"",""\n"CUST_000003","3",\n',
    ],
)
def test_line_ends_quotes_and_empty_lines_make_no_difference(desk: Desk, text: str) -> None:
    desk.put(text)

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,basic", "CUST_000002,,", "CUST_000003,3,"]


def test_texts_with_commas_quotes_and_unicode_survive(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SMALL | {"id_format": None})
    desk.put('"a,b",1,"c ""d"""\nü €,2, x \n')

    desk.check()

    assert desk.lines() == ['"a,b",1,"c ""d"""', "ü €,2, x "]


REFUSALS: dict[str, tuple[str | bytes, str]] = {
    "too few values": ("CUST_000002,2", "has 2 values; expected are 3, as in the first rows ('customer_id', 'amount'"),
    "too many values": ("CUST_000002,2,basic,0,1", "has 5 values; expected are 3, as in the first rows"),
    "the target on one line only": ("CUST_000002,2,basic,0", "has 4 values; expected are 3"),
    "another separator": ("CUST_000002;2;basic", "the line has ';' in it, and values are separated by ','"),
    "tabs": ("CUST_000002\t2\tbasic", "the line has '\\t' in it, and values are separated by ','"),
    "text for a number": ("CUST_000002,many,basic", "amount is no number"),
    "infinite number": ("CUST_000002,1e39,basic", "amount is not a finite number that 32 bits can hold"),
    "no id": (",2,basic", "customer_id is missing"),
    "id of another form": ("17,2,basic", "customer_id is not of the form CUST_{:06d}"),
    "id twice": ("CUST_000001,2,basic", "customer_id occurs more than once in the input"),
    "open quote": ('CUST_000002,2,"basic', "has a quote too many or too few, or a line break in a value"),
    "quote in a value": ('CUST_000002,2,5" pipe', "has a quote too many or too few"),
    "other half of a quote": ('CUST_000002,2,a"b,"c', "has a quote too many or too few"),
    "carriage return": ("CUST_000002,2,ba\rsic", "has a line break (a carriage return) in it"),
    "another encoding": ("CUST_000002,2,plüs".encode("latin-1"), "is no UTF-8 text: save the file as UTF-8"),
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_one_bad_row_refuses_the_file_and_is_kept_with_its_reason(desk: Desk, fault: str) -> None:
    line, reason = REFUSALS[fault]
    body = line if isinstance(line, bytes) else line.encode()
    desk.put(b"CUST_000001,1.5,basic\n" + body + b"\n" + b"CUST_000003,3,\n")

    with pytest.raises(DataRefused, match=r"rows \(.*That is more than upload.max_refused_share allows \(0.00%\)"):
        desk.check()

    assert reason in dict(desk.refused)[2][0]


@pytest.mark.parametrize("fault", REFUSALS)
def test_some_bad_rows_may_be_left_out(desk: Desk, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    line, _ = REFUSALS[fault]
    body = line if isinstance(line, bytes) else line.encode()
    desk.put(b"CUST_000001,1.5,basic\n" + body + b"\n" + b"CUST_000003,3,\n")

    desk.check(max_refused_share=0.7)

    bad = [row for row, _ in desk.refused]
    every = ["CUST_000001,1.5,basic", "", "CUST_000003,3,"]
    assert desk.lines() == [line for row, line in enumerate(every, start=1) if row not in bad]
    assert f"{len(bad)} of 3 rows" in capsys.readouterr().out


def test_line_break_in_a_value_refuses_both_lines(desk: Desk) -> None:
    desk.put('CUST_000001,1,"ba\nsic"\nCUST_000002,2,plus\n')

    with pytest.raises(DataRefused, match=r"2 of 3 rows .* or a line break in a value"):
        desk.check()

    assert [row for row, _ in desk.refused] == [1, 2]


def test_label_of_no_class_is_refused(desk: Desk) -> None:
    desk.put("CUST_000001,1,basic,1\nCUST_000002,1,basic,yes\n")

    with pytest.raises(DataRefused, match="row 2: churned is none of the classes '0', '1'"):
        desk.check()


def test_file_of_another_width_says_what_is_expected(desk: Desk) -> None:
    desk.put("1.5,basic\n2,plus\n")

    with pytest.raises(DataRefused, match=r"2 of 2 rows .*row 1: has 2 values; expected are 4 \('customer_id', 'amou"):
        desk.check()

    assert "or 3 without 'churned'" in desk.refused[0][1][0]


def test_only_bad_rows_are_refused_whatever_the_share(desk: Desk) -> None:
    desk.put("1.5,basic\n")

    with pytest.raises(DataRefused, match="None of the 1 rows is good: there is nothing to score"):
        desk.check(max_refused_share=1.0)


@pytest.mark.parametrize("text", ["", "\n\n\r\n", "\ufeff"])
def test_empty_file_is_refused_by_its_name_and_noted(desk: Desk, text: str) -> None:
    desk.put(GOOD, "a.csv")
    desk.put(text, "b.csv")

    with pytest.raises(DataRefused, match=r"File 'b.csv' is empty: it has no rows to score"):
        desk.check(max_refused_share=1.0)

    assert desk.refused == [(1, ["File 'b.csv' is empty: it has no rows to score."])]


@pytest.mark.parametrize(
    "header",
    ["customer_id,amount,plan", "customer_id,amount,plan,churned", "CUSTOMER_ID, Amount,Plan", "plan,amount,x"],
)
def test_header_is_refused_whatever_the_share(desk: Desk, header: str) -> None:
    desk.put(f"{header}\n{GOOD}")

    with pytest.raises(DataRefused, match=r"File 'a.csv' has a header, .*: uploads have none.*remove its first line"):
        desk.check(max_refused_share=1.0)

    assert "has a header" in desk.refused[0][1][0]


def test_value_that_is_a_columns_name_is_no_header(desk: Desk) -> None:
    desk.put("CUST_000001,1.5,plan\n")

    desk.check()

    assert desk.lines() == ["CUST_000001,1.5,plan"]


def test_missing_value_of_the_only_feature_is_refused(tmp_path: Path) -> None:
    """Without its id, the line would be empty, and the transform job would pass over it."""
    desk = Desk(tmp_path, ONE)
    desk.put("CUST_000001,1.5\nCUST_000002,\n")

    with pytest.raises(DataRefused, match="row 2: has no amount, the only feature"):
        desk.check()


def test_line_that_fits_into_no_request_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_rows, "LONGEST_LINE_BYTES", 40)
    desk.put(GOOD + f"CUST_000004,1,{'x' * 40}\n")

    with pytest.raises(DataRefused, match="row 4: has 54 bytes: a line may have 40"):
        desk.check()


def test_refused_rows_are_all_counted_and_the_first_ones_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "KEPT_REFUSALS", 3)
    desk.put("".join(f"CUST_{number:06d},x,\n" for number in range(5)))

    with pytest.raises(DataRefused, match=r"5 of 5 rows \(100.00%\) are refused; .*; the first 3 are in s3://b/errors"):
        desk.check()

    assert [row for row, _ in desk.refused] == [1, 2, 3]


@pytest.mark.parametrize("block", [1, 30, 64])
def test_long_file_is_read_in_blocks_with_the_same_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(upload_rows, "BLOCK_BYTES", block)
    every = [f"CUST_{number:06d},{number}.5,basic" for number in range(1, 21)]
    bad = {4: "CUST_000004,x,basic", 9: "short", 13: 'open "quote', 14: ""}
    desk.put("\n".join(bad.get(number, line) for number, line in enumerate(every, start=1)))

    desk.check(max_refused_share=0.5)

    assert desk.lines() == [line for number, line in enumerate(every, start=1) if number not in bad]
    assert [row for row, _ in desk.refused] == [4, 9, 13]


def test_several_files_are_one_batch(desk: Desk) -> None:
    desk.put(GOOD, "a.csv")
    desk.put("CUST_000009,9,plus,1\n", "b.csv")

    desk.check()

    assert desk.lines()[-1] == "CUST_000009,9,plus"
    assert desk.labels["customer_id"].to_pylist() == ["CUST_000009"]


def test_id_in_two_files_is_refused_in_both(desk: Desk) -> None:
    desk.put(GOOD, "a.csv")
    desk.put("CUST_000003,9,plus\n", "b.csv")

    with pytest.raises(DataRefused, match=r"2 of 4 rows .*first a.csv row 3: customer_id occurs more than once"):
        desk.check()


def test_batch_is_cut_into_files_of_a_size(desk: Desk) -> None:
    every = [f"CUST_{number:06d},{number}.5,basic" for number in range(1, 101)]
    desk.put("\n".join(every))
    (desk.folder / "batch").mkdir()
    (desk.folder / "batch/part-00099.csv").write_text("left over")

    desk.check(max_file_bytes=1000)

    sizes = [path.stat().st_size for path in sorted((desk.folder / "batch").iterdir())]
    assert len(sizes) == 3
    assert 900 < sizes[0] <= 1000
    assert desk.lines() == every


def test_row_that_no_file_may_hold_is_refused(desk: Desk) -> None:
    desk.put(GOOD)

    with pytest.raises(DataRefused, match=r"One row of 22 bytes is larger than a file may be .20 bytes.: raise --max"):
        desk.check(max_file_bytes=20)


def test_numbers_score_as_they_are_written(desk: Desk) -> None:
    texts = ["0.1", "1e-300", "123456789.123456789", "-0.0", "3.4e38", "1e5", "+7"]
    desk.put("".join(f"CUST_{place:06d},{text},\n" for place, text in enumerate(texts)))

    desk.check()

    assert [float(line.split(",")[1]) for line in desk.lines()] == [float(text) for text in texts]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_refused_share": 1.1}, "--max-refused-share 1.1 is refused: it must be from 0 to 1"),
        ({"max_file_bytes": 0}, "--max-file-mb 0 is refused: it must be above 0"),
    ],
)
def test_impossible_limit_is_refused(desk: Desk, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaRefused, match=message):
        desk.check(**changes)


def test_file_of_another_kind_is_refused(desk: Desk) -> None:
    desk.put(GOOD, "a.parquet")

    with pytest.raises(DataRefused, match=r"a.parquet' is refused: allowed are names that end in '.csv'"):
        desk.check()


def test_command_without_a_bucket_for_errors_says_what_aws_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    desk.put("1,2,3,4,5\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    schema = write_schema(tmp_path / "schema", SMALL)
    folders = [f"--{name}={tmp_path / name}" for name in ("batch", "labels")]

    code = main(
        [f"--input={tmp_path / 'in'}", f"--schema={schema}", *folders, "--errors=s3://b/e", "--region=eu-west-1"]
    )

    assert code == 1
    assert "Error: AWS refused: Could not connect to the endpoint URL" in capsys.readouterr().err
