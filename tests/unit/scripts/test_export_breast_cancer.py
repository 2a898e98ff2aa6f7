from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from export_breast_cancer import breast_cancer, main


def test_samples_are_569_with_thirty_measurements_and_a_text_label() -> None:
    table = breast_cancer()

    assert (table.num_rows, table.num_columns) == (569, 32)
    assert table["sample_id"][0].as_py() == "SAMPLE_0001"
    assert set(table["diagnosis"].to_pylist()) == {"benign", "malignant"}
    assert table["diagnosis"].to_pylist().count("malignant") == 212
    assert all(name == name.lower() and " " not in name for name in table.column_names)


@pytest.mark.parametrize("name", ["raw", "raw/samples.csv"])
def test_export_writes_csv_that_reads_back(tmp_path: Path, name: str) -> None:
    code = main(["--output", str(tmp_path / name)])

    path = next((tmp_path / "raw").iterdir())
    assert code == 0
    assert pyarrow.csv.read_csv(path).num_rows == 569


def test_export_writes_parquet(tmp_path: Path) -> None:
    main(["--output", str(tmp_path), "--format", "parquet"])

    assert pq.read_table(tmp_path / "breast-cancer.parquet").equals(breast_cancer())
