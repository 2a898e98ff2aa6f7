"""What the arguments of the publish script mean, and which are refused."""

from datetime import UTC, datetime
from pathlib import Path

import publish as script
import pytest
from dataset_schema import SchemaRefused
from publish_day import day_of

NOW = datetime(2026, 1, 31, 12, 30, 0, 123_456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("inference_date", "started", "day"),
    [
        ("2026-01-05", "", "2026-01-05"),
        ("today", "2026-01-30T23:59:59Z", "2026-01-30"),
        ("today", "2026-01-30T23:59:59.123+00:00", "2026-01-30"),
        ("today", "2026-01-31T01:00:00+02:00", "2026-01-30"),
        ("today", "1769817599", "2026-01-30"),
        ("today", "1769817599123", "2026-01-30"),
        ("today", "1769817599.5", "2026-01-30"),
        ("today", "Fri, 30 Jan 2026 23:59:59 GMT", "2026-01-30"),
        ("today", "Fri Jan 30 23:59:59 UTC 2026", "2026-01-30"),
        ("", "", "2026-01-31"),
    ],
)
def test_today_is_the_day_on_which_the_execution_started(inference_date: str, started: str, day: str) -> None:
    assert day_of(inference_date, started, NOW).isoformat() == day


@pytest.mark.parametrize("started", ["soon", "inf", "9e99"])
def test_start_of_an_unknown_form_counts_as_now_and_is_said(started: str, capsys: pytest.CaptureFixture[str]) -> None:
    """AWS documents no form, and at the last step of an execution an hour's doubt is better than no predictions."""
    assert day_of("today", started, NOW).isoformat() == "2026-01-31"

    assert f"--execution-started '{started}' is no known form of a time" in capsys.readouterr().out


def test_date_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SchemaRefused, match=r"--inference-date '31\.01\.2026' is refused: write YYYY-MM-DD or today"):
        day_of("31.01.2026", "", NOW)


@pytest.mark.parametrize("location", ["lake/out", "s3://lake", "s3:///out/"])
def test_location_that_is_no_prefix_is_refused(
    tmp_path: Path, location: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boto3.client", lambda *_, **__: None)
    required = ["--database=a", "--table=b", "--execution-id=c", "--model-package-arn=d"]

    code = script.main([f"--location={location}", *required])

    assert code == 1
    assert f"--location '{location}' is refused: write s3://bucket/prefix/." in capsys.readouterr().err
