"""Create, Describe, List and Stop of processing, training and transform jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sagemaker_local.api.dispatch import Handler
from sagemaker_local.api.listing import ASCENDING, DESCENDING, Listing, after, before, contains
from sagemaker_local.api.tags import as_mapping
from sagemaker_local.engine.descriptions import describe_job
from sagemaker_local.engine.jobs import Jobs
from sagemaker_local.records.job import Job, JobKind
from sagemaker_local.store.store import Store

_FAILURE_REASON_MAX = 1024
# Members of the Describe response that the summaries of one kind show beside those that all show.
_SUMMARY_MEMBERS = {
    JobKind.PROCESSING: ("FailureReason", "ExitMessage"),
    JobKind.TRAINING: ("SecondaryStatus",),
    JobKind.TRANSFORM: ("FailureReason",),
}
# As the API reference states it for each operation.
_SORT_ORDER = {JobKind.PROCESSING: ASCENDING, JobKind.TRAINING: ASCENDING, JobKind.TRANSFORM: DESCENDING}


def operations(store: Store, jobs: Jobs) -> Mapping[str, Handler]:
    """Handlers for all three kinds of job."""
    handlers: dict[str, Handler] = {}
    for kind in JobKind:
        resource = _Resource(kind, store, jobs)
        handlers |= {
            f"Create{kind.value}Job": resource.create,
            f"Describe{kind.value}Job": resource.describe,
            f"List{kind.value}Jobs": resource.list,
            f"Stop{kind.value}Job": resource.stop,
        }
    return handlers


class _Resource:
    """The jobs of one kind."""

    def __init__(self, kind: JobKind, store: Store, jobs: Jobs) -> None:
        self._kind = kind
        self._store = store
        self._jobs = jobs
        self._listing = _listing(kind)

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        tags = as_mapping(request.get("Tags", []))
        job = self._jobs.create(self._kind, {name: value for name, value in request.items() if name != "Tags"})
        self._store.tags.add(job.arn, tags)
        return {self._kind.arn_member: job.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return _described(self._store.jobs.get(self._kind, request[self._kind.name_member]))

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._listing.answer(self._store.jobs.all(self._kind), request)

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._jobs.stop(self._kind, request[self._kind.name_member])
        return {}


def _described(job: Job) -> dict[str, Any]:
    response = describe_job(job)
    if job.kind is JobKind.TRAINING:
        # AWS's service model has this member in every response: until the job ends it says where the model will lie.
        response.setdefault("ModelArtifacts", {"S3ModelArtifacts": _model_location(job)})
    if response.get("FailureReason"):
        response["FailureReason"] = response["FailureReason"][:_FAILURE_REASON_MAX]
    return response


def _model_location(job: Job) -> str:
    folder: str = job.request.get("OutputDataConfig", {}).get("S3OutputPath", "")
    return f"{folder.rstrip('/')}/{job.name}/output/model.tar.gz"


def _summary(job: Job) -> dict[str, Any]:
    described = _described(job)
    kind = job.kind
    members = ["CreationTime", "LastModifiedTime", f"{kind.value}EndTime", *_SUMMARY_MEMBERS[kind]]
    return {
        kind.name_member: job.name,
        kind.arn_member: job.arn,
        kind.status_member: job.status,
        **{member: described.get(member) for member in members},
    }


def _created(job: Job) -> datetime:
    return job.created


def _modified(job: Job) -> datetime:
    return job.modified


def _listing(kind: JobKind) -> Listing[Job]:
    return Listing(
        member=f"{kind.value}JobSummaries",
        summary=_summary,
        identity=lambda job: job.name,
        sort_keys={"CreationTime": _created, "Name": lambda job: job.name, "Status": lambda job: job.status.value},
        filters={
            "CreationTimeAfter": after(_created),
            "CreationTimeBefore": before(_created),
            "LastModifiedTimeAfter": after(_modified),
            "LastModifiedTimeBefore": before(_modified),
            "NameContains": contains(lambda job: job.name),
            "StatusEquals": lambda job, status: job.status.value == status,
            # No job here has a warm pool or a training plan.
            "WarmPoolStatusEquals": lambda job, status: False,  # noqa: ARG005  # see above
            "TrainingPlanArnEquals": lambda job, arn: False,  # noqa: ARG005  # see above
        },
        sort_order=_SORT_ORDER[kind],
    )
