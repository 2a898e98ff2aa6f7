from __future__ import annotations

from typing import Any

import pytest

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.s3_uri import S3Uri
from sagemaker_local.runners.transform.request import TransformRequest


def request(**changes: Any) -> dict[str, Any]:
    """A request; `input_` and `output_` members go into TransformInput and TransformOutput."""
    source = {"S3DataType": changes.pop("data_type", "S3Prefix"), "S3Uri": "s3://b/in/"}
    nested: dict[str, dict[str, Any]] = {
        "TransformInput": {"DataSource": {"S3DataSource": source}},
        "TransformOutput": {"S3OutputPath": "s3://b/out"},
    }
    for member in list(changes):
        side, _, name = member.partition("_")
        if side in {"input", "output"}:
            nested[f"Transform{side.title()}"][name] = changes.pop(member)
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
    return {"TransformJobName": "j", "ModelName": "m", "TransformResources": resources, **nested, **changes}


CSV_LINES = {
    "input_ContentType": "text/csv",
    "input_SplitType": "Line",
    "output_Accept": "text/csv",
    "output_AssembleWith": "Line",
}


def test_request_without_options_has_awss_defaults() -> None:
    parsed = TransformRequest.parse(request())

    assert parsed == TransformRequest(
        model_name="m",
        source=S3Uri("b", "in/"),
        is_manifest=False,
        content_type=None,
        is_gzip=False,
        splits_lines=False,
        is_single_record=False,
        output=S3Uri("b", "out"),
        accept=None,
        assembles_lines=False,
        concurrency=1,
        payload_mb=6,
        timeout_seconds=600,
        max_retries=3,
        processing={},
        environment={},
    )


def test_request_with_every_option_is_read() -> None:
    parsed = TransformRequest.parse(
        request(
            data_type="ManifestFile",
            input_CompressionType="Gzip",
            BatchStrategy="SingleRecord",
            MaxConcurrentTransforms=4,
            MaxPayloadInMB=25,
            ModelClientConfig={"InvocationsTimeoutInSeconds": 5, "InvocationsMaxRetries": 0},
            DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$"},
            Environment={"A": "1"},
            **CSV_LINES,
        )
    )

    assert (parsed.is_manifest, parsed.is_gzip, parsed.splits_lines, parsed.is_single_record) == (True,) * 4
    assert (parsed.concurrency, parsed.payload_mb, parsed.timeout_seconds, parsed.max_retries) == (4, 25, 5, 0)
    assert parsed.processing == {"InputFilter": "$[1:]", "JoinSource": "Input"}
    assert parsed.environment == {"A": "1"}


def test_concurrency_zero_means_the_default() -> None:
    assert TransformRequest.parse(request(MaxConcurrentTransforms=0)).concurrency == 1


def test_several_instances_are_accepted() -> None:
    """One machine emulates them: the result is the same."""
    changed = request()
    changed["TransformResources"]["InstanceCount"] = 5

    assert TransformRequest.parse(changed).concurrency == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/c"}}, "DataCaptureConfig .* is not supported"),
        ({"input_SplitType": "RecordIO"}, "SplitType 'RecordIO' is not supported .* 'None' and 'Line'"),
        ({"input_SplitType": "TFRecord"}, "SplitType 'TFRecord' is not supported"),
        ({"data_type": "AugmentedManifestFile"}, "S3DataType 'AugmentedManifestFile' is not supported"),
        ({"data_type": "Converse"}, "S3DataType 'Converse' is not supported"),
    ],
)
def test_what_this_endpoint_has_not_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedFeature, match=message):
        TransformRequest.parse(request(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB is 101; at most 100 is allowed"),
        (
            {"MaxPayloadInMB": 30, "MaxConcurrentTransforms": 4},
            r"MaxConcurrentTransforms \(4\) times MaxPayloadInMB \(30\) is 120; at most 100",
        ),
        ({"MaxConcurrentTransforms": 20}, r"\(20\) times MaxPayloadInMB \(6\) is 120"),
        ({"MaxPayloadInMB": 0, "input_SplitType": "Line"}, "MaxPayloadInMB 0 .* works with SplitType 'None' only"),
    ],
)
def test_payloads_over_awss_limits_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        TransformRequest.parse(request(**changes))


def test_payload_without_limit_is_accepted_for_whole_objects() -> None:
    parsed = TransformRequest.parse(request(MaxPayloadInMB=0, MaxConcurrentTransforms=50))

    assert parsed.payload_mb == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_ContentType": "application/x-parquet"}, "ContentType is 'application/x-parquet'; set ContentType"),
        ({"output_Accept": None}, "TransformOutput.Accept is None; set ContentType and Accept"),
        ({"output_Accept": "application/json"}, "needs one format on both sides"),
        (
            {"input_SplitType": "None"},
            "DataProcessing on text/csv works on rows: set TransformInput.SplitType to 'Line'",
        ),
        ({"output_AssembleWith": "None"}, "SplitType is 'Line', TransformOutput.AssembleWith is 'None'"),
    ],
)
def test_data_processing_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationException, match=message):
        TransformRequest.parse(request(DataProcessing={"JoinSource": "Input"}, **(CSV_LINES | changes)))


def test_data_processing_with_defaults_only_asks_for_nothing() -> None:
    parsed = TransformRequest.parse(
        request(
            input_ContentType="application/x-parquet",
            DataProcessing={"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"},
        )
    )

    assert parsed.data_processing() is None


def test_data_processing_of_whole_json_objects_is_accepted() -> None:
    parsed = TransformRequest.parse(
        request(
            input_ContentType="application/json",
            output_Accept="application/json",
            DataProcessing={"JoinSource": "Input"},
        )
    )

    assert parsed.data_processing() is not None


def test_output_path_that_is_no_s3_address_is_refused() -> None:
    with pytest.raises(ValidationException, match="'https://b/out' is not an S3 address"):
        TransformRequest.parse(request(output_S3OutputPath="https://b/out"))
