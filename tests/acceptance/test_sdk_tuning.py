"""The SageMaker SDK's tuner, by itself and as a step of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import start, stop
from tests.acceptance.program import Report, run


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    endpoint = start(tmp_path_factory.mktemp("sdk-tuning"))
    try:
        yield run(endpoint, "sdk_tuning")
    finally:
        stop(endpoint)


def test_tuner_finds_the_training_job_with_the_best_metric(report: Report) -> None:
    seen = report["at_once"]

    values, etas = seen["values"], {name: float(eta) for name, eta in seen["etas"].items()}
    assert seen["status"] == "Completed"
    assert len(values) == 4
    assert values == {name: pytest.approx(1 - abs(eta - 0.5), abs=1e-5) for name, eta in etas.items()}
    assert seen["best"] == max(values, key=values.__getitem__)
    assert seen["eta"] == etas[seen["best"]]


def test_step_after_a_tuning_step_reads_the_best_archive(report: Report) -> None:
    seen = report["as_step"]

    (best,) = seen["best"]
    assert seen["status"] == "Succeeded"
    assert seen["archive"] == f"s3://sdk-bucket/models/{best}/output/model.tar.gz"
    assert seen["model"] == {"eta": 0.4, "booster": "dart"}
    assert seen["found"] == "model.tar.gz"
    assert best.lower().startswith(f"{seen['tuning_job'].rpartition('/')[2]}-")
