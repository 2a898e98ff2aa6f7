"""Everything that the endpoint refuses, and how each refusal looks on the wire.

LocalError
├── ServiceError                    a request was refused; the caller gets `code` and `http_status`
│   ├── ValidationException
│   │   ├── SerializationException  a value has another JSON type than the service model says
│   │   └── UnsupportedFeature      valid on AWS, not supported here: refused by name
│   ├── ResourceNotFound
│   ├── ResourceInUse
│   ├── ResourceLimitExceeded
│   ├── ConflictException
│   ├── UnknownOperationException
│   ├── InternalFailure             the endpoint's own fault
│   ├── InvalidRequestException     Athena
│   ├── MetadataException           Athena, about the catalog
│   ├── ResourceNotFoundException   Athena, about a prepared statement
│   ├── EntityNotFoundException     Glue Data Catalog, like all below
│   ├── AlreadyExistsException
│   ├── InvalidInputException
│   └── ConcurrentModificationException
├── NoSuchBucket                    an S3 location that is not there
├── NoSuchKey
├── JobFailed                       a job ended without success; the text becomes its FailureReason
├── StepFailed                      a pipeline step cannot go on; the text becomes its FailureReason
└── EndpointError                   the endpoint itself cannot start, stop or be reached
├── PortInUse
└── StateLocked
"""

from __future__ import annotations

from typing import ClassVar


class LocalError(Exception):
    """The base of all errors that a caller can act upon."""


class ServiceError(LocalError):
    """A refused request: `code` and `http_status` are what a client of AWS sees."""

    code: ClassVar[str] = "InternalFailure"
    http_status: ClassVar[int] = 400

    @property
    def message(self) -> str:
        """The text that the client shows."""
        return str(self)


class ValidationException(ServiceError):
    """A request that AWS would refuse for its shape or its values."""

    code = "ValidationException"


class SerializationException(ValidationException):
    """A request that AWS cannot read: a text where a number belongs, malformed JSON."""

    code = "SerializationException"


class UnsupportedFeature(ValidationException):
    """Something that SageMaker has and this endpoint has not; the message names it."""


class ResourceNotFound(ServiceError):
    """The named resource does not exist."""

    code = "ResourceNotFound"


class ResourceInUse(ServiceError):
    """The name is taken, or the resource is busy."""

    code = "ResourceInUse"


class ResourceLimitExceeded(ServiceError):
    """A service quota is reached."""

    code = "ResourceLimitExceeded"


class ConflictException(ServiceError):
    """The resource is in a state that forbids the change."""

    code = "ConflictException"


class UnknownOperationException(ServiceError):
    """An operation that this endpoint does not answer."""

    code = "UnknownOperationException"


class InternalFailure(ServiceError):
    """The endpoint failed; its log has the traceback."""

    code = "InternalFailure"
    http_status = 500


class StateNotSaved(InternalFailure):
    """A change could not be written to disk, and was not made."""


class InvalidRequestException(ServiceError):
    """Athena refuses the request."""

    code = "InvalidRequestException"


class MetadataException(ServiceError):
    """Athena finds no such database or table in the catalog."""

    code = "MetadataException"


class ResourceNotFoundException(ServiceError):
    """Athena has no prepared statement of that name."""

    code = "ResourceNotFoundException"


class EntityNotFoundException(ServiceError):
    """The Glue Data Catalog has no such database, table or partition."""

    code = "EntityNotFoundException"


class AlreadyExistsException(ServiceError):
    """The Glue Data Catalog has that database, table or partition already."""

    code = "AlreadyExistsException"


class InvalidInputException(ServiceError):
    """The Glue Data Catalog refuses the input."""

    code = "InvalidInputException"


class ConcurrentModificationException(ServiceError):
    """Somebody else changed the catalog entry since it was read."""

    code = "ConcurrentModificationException"


class NoSuchBucket(LocalError):
    """The bucket does not exist."""


class NoSuchKey(LocalError):
    """The object does not exist."""


class JobFailed(LocalError):
    """A job ended without success; the text is its FailureReason, as DescribeJob shows it."""


class StepFailed(LocalError):
    """A pipeline step cannot go on; the text is its FailureReason, as ListPipelineExecutionSteps shows it."""


class EndpointError(LocalError):
    """The endpoint itself cannot start, stop or be reached."""


class PortInUse(EndpointError):
    """Another program listens on the endpoint's port."""


class StateLocked(EndpointError):
    """Another endpoint works on the same state folder."""
