"""A packed model is served by its own code in a process of its own, and must say what the training said."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dataset_schema import Kind, ModelRefused
from verification_rows import ScoredRow, VerificationRows
from verify_model import verify

from tests.fakes.datasets import PRICES, SMALL, price_rows, small_rows
from tests.fakes.models import pack, packed, trained

ROWS = small_rows(300, churned=[int(number % 3 == 1) ^ int(number % 10 == 0) for number in range(1, 301)])
"""The plan says nearly everything of these."""
Damage = Callable[[Path], None]
STUB = """
def model_fn(folder): ...
def input_fn(body, content_type): ...
def predict_fn(request, model): ...
def output_fn(scores, accept): return "no parquet"
"""
PARQUET, CSV = "application/x-parquet", "text/csv"


def changed_file(name: str, old: str, new: str) -> Damage:
    def change(model: Path) -> None:
        text = (model / name).read_text()
        assert old in text
        (model / name).write_text(text.replace(old, new))

    return change


def code(old: str, new: str) -> Damage:
    return changed_file("code/inference.py", old, new)


def without(name: str) -> Damage:
    return lambda model: (model / name).unlink()


def other_model(model: Path) -> None:
    trained(model.parent / "other", SMALL, small_rows(60, first=500))
    (model / "model.ubj").write_bytes((model.parent / "other/model.ubj").read_bytes())


def flipped_byte(model: Path) -> None:
    """In the number that the first tree's root splits at: the file is as well-formed as before."""
    content = bytearray((model / "model.ubj").read_bytes())
    # UBJSON: the name, `[$d#L`, eight bytes that count, and the float32 values, the root's first.
    mark = b"split_conditions[$d#L"
    content[content.index(mark) + len(mark) + 8] ^= 0x40
    (model / "model.ubj").write_bytes(content)


def refusal(folder: Path, damage: Damage) -> str:
    packed(folder, SMALL, ROWS)
    damage(folder / "model")
    with pytest.raises(ModelRefused, match=r"\w") as caught:
        verify(pack(folder))
    return str(caught.value)


def refusal_of_code(folder: Path, source: str) -> str:
    """Of an archive with nothing but that code and one row."""
    (folder / "model/code").mkdir(parents=True)
    (folder / "model/code/inference.py").write_text(source)
    row = ScoredRow("CUST_000001", {"amount": 1.5, "plan": None}, 1.0, 0.75)
    VerificationRows("customer_id", {"amount": Kind.NUMERIC, "plan": Kind.CATEGORICAL}, (row,)).save(folder / "model")
    with pytest.raises(ModelRefused, match=r"\w") as caught:
        verify(pack(folder))
    return str(caught.value)


@pytest.mark.parametrize(("document", "rows"), [(SMALL, small_rows(300)), (PRICES, price_rows(300))])
def test_archive_as_train_packs_it_is_accepted(tmp_path: Path, document: dict[str, Any], rows: Any) -> None:
    assert verify(packed(tmp_path, document, rows) / "model.tar.gz") == 5


def test_texts_with_commas_quotes_and_line_breaks_are_no_difference(tmp_path: Path) -> None:
    plans = ['a,b "c"', "größe\tx", "two\nlines", "0012", " "] * 60

    assert verify(packed(tmp_path, SMALL, small_rows(300, plan=plans)) / "model.tar.gz") == 5


@pytest.mark.parametrize(
    "damage",
    [other_model, flipped_byte, changed_file("signature.json", '"basic",\n        "plus"', '"plus",\n        "basic"')],
)
def test_model_or_signature_that_is_not_the_trainings_is_refused_with_row_and_both_values(
    tmp_path: Path, damage: Damage
) -> None:
    expected = (
        rf"The packed model answers otherwise than the training did: {PARQUET}, row \d \(id 'CUST_\d+'\): "
        r"prediction_probability is 0\.\d+, the training's is 0\.\d+, and at most [5-9]e-07 of difference is allowed\. "
        r"Do not register this model; train again\."
    )

    assert re.fullmatch(expected, refusal(tmp_path, damage))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (code('null_values=[""]', 'null_values=["", "plus"]'), rf"{CSV}, row \d .*: prediction_probability is"),
        # The job's own file of that name is on no path of the process.
        (
            without("code/dataset_schema.py"),
            "fails in the import: ModuleNotFoundError: No module named 'dataset_schema'",
        ),
        (without("model.ubj"), "fails in model_fn: ModelRefused: '.*' has no model.ubj"),
        (
            changed_file("signature.json", '"amount"', '"sum"'),
            f"fails in predict_fn for {PARQUET}: DataRefused: .*'sum'",
        ),
    ],
)
def test_serving_code_that_differs_or_fails_is_refused_with_the_reason(
    tmp_path: Path, damage: Damage, expected: str
) -> None:
    assert re.search(expected, refusal(tmp_path, damage))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import jason", "fails in the import: ModuleNotFoundError: No module named 'jason'"),
        ("def load(folder): ...", "fails in model_fn: AttributeError: module 'inference' has no attribute 'model_fn'"),
        (STUB.replace("accept)", "accept, more)"), f"fails in output_fn for {PARQUET}: TypeError: "),
        ("import os; print('out of memory', flush=True); os._exit(9)", "ended its process with code 9: out of memory"),
        ("import os; os._exit(9)", "ended its process with code 9: no word"),
        (STUB, rf"{PARQUET}: the answer is not id, prediction, probability: b'no parquet' \("),
    ],
)
def test_code_that_is_not_train_pys_is_refused_with_what_it_did(tmp_path: Path, source: str, expected: str) -> None:
    assert re.search(expected, refusal_of_code(tmp_path, source))


def test_code_sees_the_containers_variables_and_no_path_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    variables = (
        "{name: os.environ.get(name) for name in ('PYTHONPATH', 'SAGEMAKER_PROGRAM', 'SAGEMAKER_SUBMIT_DIRECTORY')}"
    )

    said = refusal_of_code(tmp_path, f"import os, sys; raise ValueError({variables}, sys.path[:2])")

    assert re.search(r"'PYTHONPATH': None, 'SAGEMAKER_PROGRAM': 'inference.py'", said)
    assert re.search(r"'SAGEMAKER_SUBMIT_DIRECTORY': '(.*/model/code)'}, \['\1', '.*\.zip'\]", said)


def test_code_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify_model.TIMEOUT_SECONDS", 1)

    assert refusal_of_code(tmp_path, "import time; time.sleep(60)") == "The archive's code did not answer in 1 s."
