from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from sagemaker_local.api import wire
from sagemaker_local.errors import SerializationException
from sagemaker_local.records.job import JobStatus

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_decode_empty_body_is_an_empty_request(body: bytes) -> None:
    assert wire.decode(body) == {}


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": NaN}', b"\xff", b'{"a": "\\ud800"}', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_decode_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException, match="is not JSON"):
        wire.decode(body)


def test_decode_json_that_is_no_object_is_refused() -> None:
    with pytest.raises(SerializationException, match="is a list of JSON; send one JSON object"):
        wire.decode(b"[]")


def test_encode_leaves_out_none_at_any_depth() -> None:
    assert wire.encode({"A": None, "B": {"C": None}, "D": [{"E": None, "F": 0}]}) == b'{"B":{},"D":[{"F":0}]}'


def test_encode_writes_times_as_epoch_seconds_and_states_as_words() -> None:
    document = json.loads(wire.encode({"Time": NOON, "Status": JobStatus.COMPLETED, "Body": b"hi"}))

    assert document == {"Time": NOON.timestamp(), "Status": "Completed", "Body": "aGk="}


def test_encode_keeps_letters_readable_and_takes_any_mapping() -> None:
    assert wire.encode(MappingProxyType({"Name": "Größe"})) == '{"Name":"Größe"}'.encode()


@pytest.mark.parametrize(
    ("number", "word"), [(float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity")]
)
def test_encode_number_that_json_has_not_becomes_a_word(number: float, word: str) -> None:
    assert json.loads(wire.encode({"Value": number})) == {"Value": word}


@pytest.mark.parametrize(
    "value", [NOON.timestamp(), int(NOON.timestamp()), "2026-01-31T12:00:00Z", "2026-01-31T12:00:00", NOON]
)
def test_moment_reads_every_form_of_a_timestamp(value: float | str | datetime) -> None:
    assert wire.moment(value) == NOON


@pytest.mark.parametrize("value", ["yesterday", 1e300, float("nan")])
def test_moment_that_is_no_time_is_refused(value: float | str) -> None:
    with pytest.raises(SerializationException, match="is not a timestamp"):
        wire.moment(value)
