"""One piece of work: bytes of an object in, the bytes to store for it out, with the model asked in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sagemaker_local.errors import JobFailed
from sagemaker_local.runners.transform import lines
from sagemaker_local.runners.transform.data_processing import DataProcessing, RecordFormat
from sagemaker_local.runners.transform.plan import Plan

Ask = Callable[[bytes], bytes]
"""Sends one request to the model and returns its answer."""


class RecordFailed(JobFailed):
    """One record is to blame; `index` counts records of the piece of work from 0."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


class Exchange:
    """The rules of one job for splitting, filtering, joining and assembling."""

    def __init__(self, plan: Plan, ask: Ask) -> None:
        self._plan = plan
        self._ask = ask
        self._processing = plan.data_processing()

    def run(self, body: bytes) -> Iterator[bytes]:
        """Transform a piece of work; the parts of the result follow each other in the output.

        Raises:
            OversizedRecord: a record is larger than a request may be.
            RecordFailed: a record that cannot be filtered or joined.
            JobFailed: the answers do not fit the records.
        """
        plan, processing = self._plan, self._processing
        if processing is not None and (plan.splits_lines or processing.record_format is RecordFormat.JSON_LINES):
            return self._processed_lines(lines.records(body), processing)
        if processing is not None:
            return iter([self._assembled(self._processed(body, processing))])
        if not plan.splits_lines:
            return iter([self._assembled(self._ask(body))])
        return self._plain_lines(body)

    def _plain_lines(self, body: bytes) -> Iterator[bytes]:
        records = lines.records(body)
        for group in self._groups(records):
            yield self._assembled(self._ask(b"\n".join(records[group.start : group.stop])))

    def _processed(self, body: bytes, processing: DataProcessing) -> bytes:
        return processing.for_output(body, self._ask(processing.for_model(body)))

    def _processed_lines(self, records: list[bytes], processing: DataProcessing) -> Iterator[bytes]:
        requests = [_blaming(index, processing.for_model, record) for index, record in enumerate(records)]
        for group in self._groups(requests):
            answers = lines.records(self._ask(b"\n".join(requests[group.start : group.stop])))
            if processing.joins_input and len(answers) != len(group):
                raise JobFailed(
                    f"the model gave {len(answers)} lines for records {group.start + 1} to {group.stop} "
                    f"({len(group)} records); JoinSource 'Input' needs exactly one line for each record."
                )
            originals = records[group.start : group.stop] if processing.joins_input else answers
            joined = [
                _blaming(group.start + index, processing.for_output, record, answer)
                for index, (record, answer) in enumerate(zip(originals, answers, strict=True))
            ]
            yield b"".join(line + b"\n" for line in joined)

    def _groups(self, records: list[bytes]) -> Iterator[range]:
        plan = self._plan
        if not plan.splits_lines:
            return iter([range(len(records))])
        return lines.payloads(map(len, records), plan.payload_bytes, is_single_record=plan.is_single_record)

    def _assembled(self, answer: bytes) -> bytes:
        """With AssembleWith 'Line' every answer ends its last line."""
        return answer + b"\n" if self._plan.assembles_lines and not answer.endswith(b"\n") else answer


def _blaming(index: int, function: Callable[..., bytes], *arguments: bytes) -> bytes:
    try:
        return function(*arguments)
    except JobFailed as error:
        raise RecordFailed(index, str(error)) from error
