"""The Lambda that scores an uploaded CSV file: an object's event in, an execution of the pipeline out.

Its environment: PIPELINE_NAME; UPLOADS_URI, below which each upload is copied, so that a later one cannot change what
an execution reads; INPUT_URI, outside of which objects are no uploads (may be left out); ERRORS_URI, where an upload
that cannot be scored is noted (may be left out: then it fails the function).
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import boto3
from botocore.exceptions import ClientError

SUFFIX = ".csv"
LONGEST_NAME = 80
GONE = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket", "405", "MethodNotAllowed"}
"""What S3 says of an object, or of a version, that was removed."""
REPLACED = {"412", "PreconditionFailed"}
REFUSED = {"403", "AccessDenied", "AccessDeniedException", "InvalidObjectState", "KMS.DisabledException"}
NO_PIPELINE = {"ResourceNotFound"}
INVALID = {"ValidationException", "ValidationError", "InvalidRequest", "InvalidArgument"}


class UploadRefused(Exception):
    """An upload cannot be scored, and trying again would not help."""


class Passed(Exception):
    """An object is not to be scored, and nobody expects it to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """A prefix of a bucket, without a slash at its end."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, uri: str) -> Self:
        """Read `s3://bucket/some/prefix/`."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return cls(bucket, prefix.strip("/"))

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object lies below."""
        return bucket == self.bucket and key.startswith(f"{self.prefix}/" if self.prefix else "")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the function's environment says."""

    pipeline: str
    uploads: Place
    input: Place | None = None
    errors: Place | None = None

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """Read the environment."""
        optional = {
            name: Place.of(environment[variable]) if environment.get(variable) else None
            for name, variable in (("input", "INPUT_URI"), ("errors", "ERRORS_URI"))
        }
        return cls(environment["PIPELINE_NAME"], Place.of(environment["UPLOADS_URI"]), **optional)


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of one object; EventBridge writes keys as they are, not URL-encoded."""

    bucket: str
    key: str
    version_id: str
    """Empty in a bucket without versions."""
    sequencer: str
    etag: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read an event of S3 as EventBridge sends it.

        Raises:
            Passed: it is another event.
        """
        kind = event.get("detail-type")
        if kind != "Object Created":
            raise Passed(f"{kind!r} is no upload: events of type 'Object Created' start the pipeline.")
        detail = event["detail"]
        item = detail["object"]
        # Versions that were written while the bucket kept none are all called null.
        version = item.get("version-id") or ""
        return cls(
            bucket=detail["bucket"]["name"],
            key=item["key"],
            version_id="" if version == "null" else version,
            sequencer=item.get("sequencer") or "",
            etag=(item.get("etag") or "").strip('"'),
        )

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def token(self) -> str:
        """The same for each event of this version, another one for each other version of any object."""
        version = self.version_id or self.sequencer or self.etag
        return hashlib.sha256(f"{self.bucket}\0{self.key}\0{version}".encode()).hexdigest()

    @property
    def safe_name(self) -> str:
        """A name that any tool takes and people recognise: `Kunden März (1).CSV` becomes `Kunden-Marz-1`."""
        name = self.key.rpartition("/")[2][: -len(SUFFIX)]
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-") or "upload"


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Start the pipeline for the event's object; a second event of the same version starts nothing."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    s3, sagemaker = (boto3.client(service, region_name=region) for service in ("s3", "sagemaker"))
    return start(Settings.load(os.environ), s3, sagemaker, event)


def start(settings: Settings, s3: Any, sagemaker: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    """Do the handler's work with given clients.

    Returns:
        `started`, `reason`, and of a start `execution` (its ARN) and `input`.

    Raises:
        UploadRefused: an upload cannot be scored, and there is no ERRORS_URI to say so.
        ClientError: whatever trying again may mend; Lambda tries again.
    """
    try:
        upload = Upload.of(event)
        _check(settings, upload)
        answer = _started(settings, s3, sagemaker, upload)
    except Passed as reason:
        answer = {"started": False, "reason": str(reason)}
    except UploadRefused as refusal:
        if settings.errors is None:
            raise
        answer = _noted(settings.errors, s3, upload, str(refusal))
    print(json.dumps(answer, ensure_ascii=False))
    return answer


def _check(settings: Settings, upload: Upload) -> None:
    inside = settings.input is None or settings.input.holds(upload.bucket, upload.key)
    if not inside or settings.uploads.holds(upload.bucket, upload.key):
        raise Passed(f"{upload.uri} is no upload: it lies outside of the folder for uploads.")
    if upload.key.endswith("/"):
        raise Passed(f"{upload.uri} is a folder: only files are scored.")
    if not upload.key.lower().endswith(SUFFIX):
        raise (UploadRefused if settings.errors else Passed)(
            f"{upload.uri} is not scored: names of uploads end in {SUFFIX!r}; rename the file and upload it again."
        )


def _started(settings: Settings, s3: Any, sagemaker: Any, upload: Upload) -> dict[str, Any]:
    folder = f"{settings.uploads.prefix}/{upload.token}/"
    _pin(s3, upload, settings.uploads.bucket, f"{folder}{upload.safe_name}{SUFFIX}")
    pinned = f"s3://{settings.uploads.bucket}/{folder}"
    try:
        execution = sagemaker.start_pipeline_execution(
            PipelineName=settings.pipeline,
            PipelineExecutionDisplayName=f"upload-{upload.safe_name}"[:82].rstrip("-"),
            PipelineExecutionDescription=re.sub(r"\s", " ", f"Scores {upload.uri}"),
            PipelineParameters=[{"Name": "InputDataUri", "Value": pinned}],
            # With the same token the service answers with the execution that the first call started.
            ClientRequestToken=upload.token,
        )["PipelineExecutionArn"]
    except ClientError as error:
        if _code(error) in NO_PIPELINE:
            raise UploadRefused(
                f"{upload.uri} is not scored: there is no pipeline {settings.pipeline!r}; make it with `python "
                "pipeline.py upsert upload-inference`, then upload the file again."
            ) from error
        if _code(error) in REFUSED | INVALID:
            raise UploadRefused(
                f"{upload.uri} is not scored: SageMaker does not start the pipeline: {error}"
            ) from error
        raise
    return {
        "started": True,
        "reason": f"{upload.uri} is scored by {execution}.",
        "execution": execution,
        "input": pinned,
    }


def _pin(s3: Any, upload: Upload, bucket: str, key: str) -> None:
    """Copy the very bytes that the event is about, unless an earlier try has."""
    if _exists(s3, bucket, key):
        return
    source = {"Bucket": upload.bucket, "Key": upload.key}
    only: dict[str, str] = {}
    if upload.version_id:
        source["VersionId"] = upload.version_id
    elif upload.etag:
        only["CopySourceIfMatch"] = f'"{upload.etag}"'
    try:
        s3.copy(source, bucket, key, ExtraArgs=only)
    except ClientError as error:
        code = _code(error)
        if code in REPLACED:
            raise Passed(f"{upload.uri} was replaced by a newer upload, which has an event of its own.") from error
        if code in GONE:
            raise UploadRefused(
                f"{upload.uri} is not scored: it was removed before it could be read; upload it again."
            ) from error
        if code in REFUSED | INVALID:
            raise UploadRefused(f"{upload.uri} is not scored: S3 does not let it be copied: {error}") from error
        raise


def _exists(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # Who may not list the bucket gets 403 for what is not there; the copy will tell.
        if _code(error) in GONE | REFUSED:
            return False
        raise
    return True


def _noted(errors: Place, s3: Any, upload: Upload, reason: str) -> dict[str, Any]:
    """Leave the refusal where people look for errors."""
    key = f"{errors.prefix}/{upload.token}.json".lstrip("/")
    document = {"reason": reason, **asdict(upload)}
    s3.put_object(
        Bucket=errors.bucket,
        Key=key,
        Body=json.dumps(document, indent=2, ensure_ascii=False).encode(),
        ContentType="application/json",
    )
    return {"started": False, "reason": reason, "noted": f"s3://{errors.bucket}/{key}"}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
