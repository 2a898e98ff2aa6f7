from __future__ import annotations

from pathlib import Path

import pytest

from sagemaker_local.api.definitions import Definitions
from sagemaker_local.errors import UnsupportedFeature, ValidationException
from tests.fakes.object_store import FolderObjectStore

LOCATION = {"Bucket": "pipes", "ObjectKey": "big/definition.json"}


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjectStore:
    return FolderObjectStore(tmp_path, "pipes")


@pytest.fixture
def definitions(objects: FolderObjectStore) -> Definitions:
    return Definitions(objects, lambda text: text)


def test_read_text_gives_it_unchanged(definitions: Definitions) -> None:
    assert definitions.read({"PipelineDefinition": ' {"a": 1}\n'}) == ' {"a": 1}\n'


def test_read_location_gives_the_objects_text(definitions: Definitions, objects: FolderObjectStore) -> None:
    objects.put("pipes", "big/definition.json", '{"Größe": 1}'.encode())

    assert definitions.read({"PipelineDefinitionS3Location": LOCATION}) == '{"Größe": 1}'


def test_read_checks_the_text(objects: FolderObjectStore) -> None:
    def refuse(text: str) -> None:
        raise ValidationException(f"bad {text}")

    with pytest.raises(ValidationException, match="bad text"):
        Definitions(objects, refuse).read({"PipelineDefinition": "text"})


@pytest.mark.parametrize("request_", [{}, {"PipelineDefinition": "{}", "PipelineDefinitionS3Location": LOCATION}])
def test_read_not_exactly_one_form_is_refused(definitions: Definitions, request_: dict[str, object]) -> None:
    with pytest.raises(ValidationException, match="exactly one of PipelineDefinition and PipelineDefinitionS3Location"):
        definitions.read(request_)


@pytest.mark.parametrize("bucket", ["pipes", "elsewhere"])
def test_read_location_without_object_is_refused_by_its_address(definitions: Definitions, bucket: str) -> None:
    with pytest.raises(ValidationException, match=f"'s3://{bucket}/big/definition.json' cannot be read"):
        definitions.read({"PipelineDefinitionS3Location": {**LOCATION, "Bucket": bucket}})


def test_read_location_that_is_no_text_is_refused(definitions: Definitions, objects: FolderObjectStore) -> None:
    objects.put("pipes", "big/definition.json", b"\xff\xfe")

    with pytest.raises(ValidationException, match="is not UTF-8 text"):
        definitions.read({"PipelineDefinitionS3Location": LOCATION})


def test_read_location_with_version_is_refused_by_name(definitions: Definitions) -> None:
    with pytest.raises(UnsupportedFeature, match="VersionId of PipelineDefinitionS3Location"):
        definitions.read({"PipelineDefinitionS3Location": {**LOCATION, "VersionId": "1"}})
