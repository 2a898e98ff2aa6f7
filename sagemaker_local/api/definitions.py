"""The definition that a CreatePipeline or UpdatePipeline request carries, as text or as an S3 object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sagemaker_local.errors import NoSuchBucket, NoSuchKey, UnsupportedFeature, ValidationException
from sagemaker_local.ports import ObjectStore

_TEXT = "PipelineDefinition"
_LOCATION = "PipelineDefinitionS3Location"


class Definitions:
    """Reads definitions and refuses those that could not run.

    Args:
        check: raises ValidationException for a text that is no definition this endpoint can run.
    """

    def __init__(self, objects: ObjectStore, check: Callable[[str], object]) -> None:
        self._objects = objects
        self._check = check

    @staticmethod
    def is_given(request: Mapping[str, Any]) -> bool:
        """Whether the request carries a definition at all."""
        return _TEXT in request or _LOCATION in request

    def read(self, request: Mapping[str, Any]) -> str:
        """Give the definition's text, checked.

        Raises:
            ValidationException: not exactly one of text and location, nothing at the location, or no valid definition.
        """
        if (_TEXT in request) == (_LOCATION in request):
            raise ValidationException(f"Give exactly one of {_TEXT} and {_LOCATION}.")
        text: str = request[_TEXT] if _TEXT in request else self._stored(request[_LOCATION])
        self._check(text)
        return text

    def _stored(self, location: Mapping[str, str]) -> str:
        where = f"s3://{location['Bucket']}/{location['ObjectKey']}"
        if "VersionId" in location:
            raise UnsupportedFeature(
                f"VersionId of {_LOCATION} is not supported here; leave it out to read the newest '{where}'. "
                "docs/fidelity.md lists what is supported."
            )
        try:
            return self._objects.read(location["Bucket"], location["ObjectKey"]).decode()
        except (NoSuchBucket, NoSuchKey) as error:
            raise ValidationException(
                f"{_LOCATION} '{where}' cannot be read: {error} Upload the definition there first."
            ) from error
        except UnicodeDecodeError as error:
            raise ValidationException(
                f"{_LOCATION} '{where}' is not UTF-8 text; upload the definition's JSON."
            ) from error
