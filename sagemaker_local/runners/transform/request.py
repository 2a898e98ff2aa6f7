"""What a transform job asks for, read from its CreateTransformJob request with AWS's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.transform.data_processing import DataProcessing, RecordFormat

MEBIBYTE = 1024 * 1024
_DEFAULT_PAYLOAD_MB = 6
_MAX_PAYLOAD_MB = 100
_DEFAULT_TIMEOUT_SECONDS = 600
_DEFAULT_RETRIES = 3


@dataclass(frozen=True, slots=True)
class TransformRequest:
    """A transform job's settings; every member has its effective value."""

    model_name: str
    source: S3Uri
    is_manifest: bool
    content_type: str | None
    is_gzip: bool
    splits_lines: bool
    is_single_record: bool
    output: S3Uri
    accept: str | None
    assembles_lines: bool
    concurrency: int
    payload_mb: int
    """In MiB; 0 means without limit."""
    timeout_seconds: int
    max_retries: int
    processing: Mapping[str, str]
    """DataProcessing as it was given; empty when nothing is filtered or joined."""
    environment: Mapping[str, str]

    @classmethod
    def parse(cls, request: Mapping[str, Any]) -> TransformRequest:
        """Read a request whose shape was already checked.

        Raises:
            UnsupportedFeature: by name, what SageMaker has and this endpoint has not.
            ValidationException: values that do not go together.
        """
        _refuse_unsupported(request)
        source, sink = request["TransformInput"], request["TransformOutput"]
        location = source["DataSource"]["S3DataSource"]
        client = request.get("ModelClientConfig") or {}
        payload = request.get("MaxPayloadInMB")
        parsed = cls(
            model_name=request["ModelName"],
            source=S3Uri.parse(location["S3Uri"]),
            is_manifest=location["S3DataType"] == "ManifestFile",
            content_type=source.get("ContentType") or None,
            is_gzip=source.get("CompressionType") == "Gzip",
            splits_lines=source.get("SplitType") == "Line",
            is_single_record=request.get("BatchStrategy") == "SingleRecord",
            output=S3Uri.parse(sink["S3OutputPath"]),
            accept=sink.get("Accept") or None,
            assembles_lines=sink.get("AssembleWith") == "Line",
            concurrency=request.get("MaxConcurrentTransforms") or 1,
            payload_mb=_DEFAULT_PAYLOAD_MB if payload is None else payload,
            timeout_seconds=client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_SECONDS),
            max_retries=client.get("InvocationsMaxRetries", _DEFAULT_RETRIES),
            processing=_effective(request.get("DataProcessing") or {}),
            environment=request.get("Environment") or {},
        )
        parsed._check_payload()
        parsed.data_processing()
        return parsed

    @property
    def settings(self) -> str:
        """The first line of the data log, as AWS writes it."""
        strategy = "SINGLE_RECORD" if self.is_single_record else "MULTI_RECORD"
        return f"MaxConcurrentTransforms={self.concurrency}, MaxPayloadInMB={self.payload_mb}, BatchStrategy={strategy}"

    def data_processing(self) -> DataProcessing | None:
        """The filters and the join, or None when there are none.

        Raises:
            ValidationException: they cannot work with these content types or this splitting.
        """
        if not self.processing:
            return None
        record_format = self._record_format()
        if record_format is RecordFormat.CSV and not self.splits_lines:
            raise ValidationException(
                "DataProcessing on text/csv works on rows: set TransformInput.SplitType to 'Line' "
                "(and TransformOutput.AssembleWith to 'Line')."
            )
        processing = DataProcessing.parse(self.processing, record_format)
        if processing.joins_input and self.splits_lines != self.assembles_lines:
            raise ValidationException(
                "JoinSource 'Input' needs the same record delimiter on both sides: TransformInput.SplitType is "
                f"{_delimiter(self.splits_lines)}, TransformOutput.AssembleWith is {_delimiter(self.assembles_lines)}; "
                "set both to 'Line' or both to 'None'."
            )
        return processing

    def _record_format(self) -> RecordFormat:
        allowed = [str(member) for member in RecordFormat]
        for member, value in (
            ("TransformInput.ContentType", self.content_type),
            ("TransformOutput.Accept", self.accept),
        ):
            if value not in allowed:
                raise ValidationException(
                    f"DataProcessing reads and writes records, but {member} is {value!r}; "
                    f"set ContentType and Accept to the same one of {', '.join(allowed)}."
                )
        if self.content_type != self.accept:
            raise ValidationException(
                f"DataProcessing needs one format on both sides: TransformInput.ContentType is {self.content_type!r}, "
                f"TransformOutput.Accept is {self.accept!r}; set both to the same."
            )
        return RecordFormat(self.content_type or "")

    def _check_payload(self) -> None:
        if self.payload_mb > _MAX_PAYLOAD_MB:
            raise ValidationException(f"MaxPayloadInMB is {self.payload_mb}; at most {_MAX_PAYLOAD_MB} is allowed.")
        if self.concurrency * self.payload_mb > _MAX_PAYLOAD_MB:
            raise ValidationException(
                f"MaxConcurrentTransforms ({self.concurrency}) times MaxPayloadInMB ({self.payload_mb}) is "
                f"{self.concurrency * self.payload_mb}; at most {_MAX_PAYLOAD_MB} is allowed. Lower one of them."
            )
        if self.payload_mb == 0 and self.splits_lines:
            raise ValidationException(
                "MaxPayloadInMB 0 (a payload without limit) works with SplitType 'None' only; "
                "give a limit from 1 to 100, or set TransformInput.SplitType to 'None'."
            )


def _refuse_unsupported(request: Mapping[str, Any]) -> None:
    if "DataCaptureConfig" in request:
        raise UnsupportedFeature(
            "DataCaptureConfig (batch data capture) is not supported by this endpoint; leave it out. "
            "JoinSource 'Input' stores inputs and predictions together."
        )
    split = request["TransformInput"].get("SplitType")
    if split in {"RecordIO", "TFRecord"}:
        raise UnsupportedFeature(
            f"TransformInput.SplitType {split!r} is not supported by this endpoint; supported are 'None' and 'Line'."
        )
    data_type = request["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"]
    if data_type not in {"S3Prefix", "ManifestFile"}:
        raise UnsupportedFeature(
            f"S3DataType {data_type!r} is not supported by this endpoint; supported are 'S3Prefix' and 'ManifestFile'."
        )


def _effective(processing: Mapping[str, str]) -> Mapping[str, str]:
    """DataProcessing without the members that say the default."""
    defaults = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    return {name: value for name, value in processing.items() if value and value != defaults.get(name)}


def _delimiter(is_line: bool) -> str:
    return "'Line'" if is_line else "'None'"
