"""Sends records to a feature group: those that it does not have yet, in batches, again when the service is busy."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from dataset_schema import NotIngested

READ_LIMIT = 100
"""Ids of one BatchGetRecord."""
WRITE_LIMIT = 25
"""Records of one BatchWriteRecord."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 20.0

Record = Mapping[str, str]
"""Values by feature, without those that are missing."""


@dataclass(slots=True)
class Outcome:
    """What became of some records."""

    written: list[Record] = field(default_factory=list)
    unchanged: list[Record] = field(default_factory=list)
    """There already, with the same values."""
    older: list[Record] = field(default_factory=list)
    """The group has a later version."""
    refused: list[tuple[Record, str]] = field(default_factory=list)
    """With the reason."""


@dataclass(frozen=True, slots=True)
class FeatureWriter:
    """Writes into one feature group; used by many threads."""

    client: Any
    """Of the Feature Store runtime; boto3's clients may be shared."""
    group: str
    types: Mapping[str, str]
    id_column: str
    event_time_column: str
    max_attempts: int
    sleep: Callable[[float], None] = time.sleep

    def write(self, records: Sequence[Record]) -> Outcome:
        """Compare at most READ_LIMIT records with what the group has, and send those that are new.

        Raises:
            NotIngested: the service did not answer, or did not take a record after all attempts.
        """
        stored = self._stored([record[self.id_column] for record in records])
        outcome = Outcome()
        fresh = []
        for record in records:
            known = stored.get(record[self.id_column])
            if known is None:
                fresh.append(record)
            else:
                self._judge(record, known, outcome, fresh)
        send = self._send_batch if hasattr(self.client, "batch_write_record") else self._send_each
        for start in range(0, len(fresh), WRITE_LIMIT):
            batch = fresh[start : start + WRITE_LIMIT]
            refused = send(batch)
            outcome.refused += [
                (record, refused[record[self.id_column]]) for record in batch if _in(record, refused, self)
            ]
            outcome.written += [record for record in batch if not _in(record, refused, self)]
        return outcome

    def _judge(self, record: Record, known: Record, outcome: Outcome, fresh: list[Record]) -> None:
        here, there = (_moment(item[self.event_time_column]) for item in (record, known))
        if here > there:
            fresh.append(record)
        elif here < there:
            outcome.older.append(record)
        elif self._is_same(record, known):
            outcome.unchanged.append(record)
        else:
            # The online store keeps the first of two versions with one time: sent again and again, it would never end.
            outcome.refused.append(
                (
                    record,
                    f"{self.event_time_column} is that of the version in the feature group, which has other values",
                )
            )

    def _is_same(self, one: Record, other: Record) -> bool:
        if one.keys() != other.keys():
            return False
        return all(self._value(name, one[name]) == self._value(name, other[name]) for name in one)

    def _value(self, name: str, text: str) -> object:
        if name == self.event_time_column or self.types[name] == "String":
            return text if name != self.event_time_column else _moment(text)
        return float(text)

    def _stored(self, ids: Sequence[str]) -> dict[str, Record]:
        """Read the versions that the group has; of unknown and deleted ids there is none."""
        found: dict[str, Record] = {}

        def attempt(waiting: list[str]) -> tuple[list[str], str]:
            answer = self.client.batch_get_record(
                Identifiers=[{"FeatureGroupName": self.group, "RecordIdentifiersValueAsString": waiting}]
            )
            for item in answer["Records"]:
                values = {
                    cell["FeatureName"]: cell["ValueAsString"] for cell in item["Record"] if "ValueAsString" in cell
                }
                found[item["RecordIdentifierValueAsString"]] = values
            again = [
                name for item in answer["UnprocessedIdentifiers"] for name in item["RecordIdentifiersValueAsString"]
            ]
            again += [item["RecordIdentifierValueAsString"] for item in answer["Errors"]]
            return again, answer["Errors"][0]["ErrorMessage"] if answer["Errors"] else "not processed"

        self._until_done(list(ids), attempt, "read")
        return found

    def _send_batch(self, records: Sequence[Record]) -> dict[str, str]:
        """Send at most WRITE_LIMIT records; return the reasons of those that the service refuses, by id."""
        refused: dict[str, str] = {}

        def attempt(waiting: list[Any]) -> tuple[list[Any], str]:
            answer = self.client.batch_write_record(Entries=waiting)
            again = list(answer["UnprocessedEntries"])
            reason = "not processed"
            for error in answer["Errors"]:
                if error["ErrorCode"] in {"ValidationError", "ValidationException"}:
                    refused[self._id_of(error["Entry"])] = error["ErrorMessage"]
                else:
                    again.append(error["Entry"])
                    reason = f"{error['ErrorCode']}: {error['ErrorMessage']}"
            return again, reason

        entries = [{"FeatureGroupName": self.group, "Record": _cells(record)} for record in records]
        self._until_done(entries, attempt, "written")
        return refused

    def _send_each(self, records: Sequence[Record]) -> dict[str, str]:
        """Send records one by one, where boto3 does not know BatchWriteRecord yet."""
        refused: dict[str, str] = {}

        def attempt(waiting: list[Record]) -> tuple[list[Record], str]:
            try:
                self.client.put_record(FeatureGroupName=self.group, Record=_cells(waiting[0]))
            except ClientError as error:
                if error.response["Error"]["Code"] not in {"ValidationError", "ValidationException"}:
                    raise
                refused[waiting[0][self.id_column]] = error.response["Error"]["Message"]
            return [], ""

        for record in records:
            self._until_done([record], attempt, "written")
        return refused

    def _until_done(self, waiting: list[Any], attempt: Callable[[list[Any]], tuple[list[Any], str]], done: str) -> None:
        pause, reason = FIRST_PAUSE_SECONDS, ""
        for number in range(self.max_attempts):
            if number:
                self.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                waiting, reason = attempt(waiting)
            except (ClientError, BotoCoreError) as error:
                reason = str(error)
            if not waiting:
                return
        raise NotIngested(
            f"{len(waiting)} records of feature group {self.group!r} could not be {done} in {self.max_attempts} "
            f"attempts: {reason} Run feature-ingestion again: records that are there already are not written twice."
        )

    def _id_of(self, entry: Mapping[str, Any]) -> str:
        return next(str(cell["ValueAsString"]) for cell in entry["Record"] if cell["FeatureName"] == self.id_column)


def _in(record: Record, refused: Mapping[str, str], writer: FeatureWriter) -> bool:
    return record[writer.id_column] in refused


def _cells(record: Record) -> list[dict[str, str]]:
    return [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
