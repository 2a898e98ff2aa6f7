from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.fakes.api_client import Refused
from tests.fakes.control_plane import ControlPlane
from tests.fakes.definitions import definition
from tests.fakes.records import ROLE
from tests.fakes.scripted_runner import until_stopped

TOKEN = "t" * 32
ARN = "arn:aws:sagemaker:us-west-2:000000000000:pipeline/churn"


def create(plane: ControlPlane, name: str = "churn", **members: Any) -> dict[str, Any]:
    defaults = {"PipelineName": name, "RoleArn": ROLE, "PipelineDefinition": definition()}
    return plane.call("CreatePipeline", **{**defaults, **members})


def test_create_pipeline_gives_its_arn_with_the_name_as_given(plane: ControlPlane) -> None:
    assert create(plane, "Churn-Daily") == {"PipelineArn": f"{ARN.removesuffix('churn')}Churn-Daily"}


def test_describe_pipeline_gives_back_what_was_created(plane: ControlPlane) -> None:
    text = f"\n {definition()} \n"
    create(
        plane,
        PipelineDefinition=text,
        PipelineDisplayName="Churn-Shown",
        PipelineDescription="Scores customers",
        ParallelismConfiguration={"MaxParallelExecutionSteps": 4},
    )

    described = plane.call("DescribePipeline", PipelineName="churn")

    assert described["PipelineDefinition"] == text
    assert described["PipelineDisplayName"] == "Churn-Shown"
    assert described["PipelineDescription"] == "Scores customers"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 4}
    assert described["PipelineStatus"] == "Active"
    assert described["RoleArn"] == ROLE
    assert described["CreationTime"] == described["LastModifiedTime"]
    assert "LastRunTime" not in described


def test_describe_pipeline_takes_the_arn(plane: ControlPlane) -> None:
    create(plane)

    assert plane.call("DescribePipeline", PipelineName=ARN)["PipelineName"] == "churn"


def test_describe_pipeline_of_another_region_does_not_exist(plane: ControlPlane) -> None:
    create(plane)

    with pytest.raises(Refused, match=r"ResourceNotFound: Pipeline 'arn:.*eu-west-1.*' does not exist"):
        plane.call("DescribePipeline", PipelineName=ARN.replace("us-west-2", "eu-west-1"))


def test_create_pipeline_twice_is_refused_in_the_words_the_sdk_looks_for(plane: ControlPlane) -> None:
    create(plane)

    with pytest.raises(Refused, match=r"must be unique within an AWS account and region.*already exists") as refused:
        create(plane)

    assert (refused.value.status, refused.value.code) == (400, "ResourceInUse")


def test_create_pipeline_again_with_the_same_token_gives_the_same_answer(plane: ControlPlane) -> None:
    first = create(plane, ClientRequestToken=TOKEN)

    assert create(plane, ClientRequestToken=TOKEN) == first


@pytest.mark.parametrize("changes", [{"name": "other"}, {"PipelineDefinition": definition("Other")}])
def test_create_pipeline_with_a_used_token_and_other_members_is_refused(
    plane: ControlPlane, changes: dict[str, Any]
) -> None:
    create(plane, ClientRequestToken=TOKEN)

    with pytest.raises(Refused, match=f"ConflictException: ClientRequestToken '{TOKEN}' was used before"):
        create(plane, ClientRequestToken=TOKEN, **changes)


def test_create_pipeline_by_many_at_once_with_one_token_creates_one(plane: ControlPlane) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: create(plane, ClientRequestToken=TOKEN), range(16)))

    assert answers == [{"PipelineArn": ARN}] * 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"Version": "2020-12-01", "Steps": []}', "Steps"),
        (json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "A", "Type": "Dance"}]}), "Dance"),
    ],
)
def test_create_pipeline_with_a_bad_definition_is_refused_and_keeps_nothing(
    plane: ControlPlane, text: str, words: str
) -> None:
    with pytest.raises(Refused, match=rf"ValidationException: .*{words}"):
        create(plane, PipelineDefinition=text)

    assert plane.call("ListPipelines") == {"PipelineSummaries": []}


def test_create_pipeline_reads_the_definition_from_s3(plane: ControlPlane) -> None:
    plane.objects.put("pipes", "big/churn.json", definition().encode())
    location = {"Bucket": "pipes", "ObjectKey": "big/churn.json"}

    plane.call("CreatePipeline", PipelineName="churn", RoleArn=ROLE, PipelineDefinitionS3Location=location)

    assert plane.call("DescribePipeline", PipelineName="churn")["PipelineDefinition"] == definition()


def test_create_pipeline_keeps_tags(plane: ControlPlane) -> None:
    create(plane, Tags=[{"Key": "team", "Value": "x"}])

    assert plane.call("ListTags", ResourceArn=ARN)["Tags"] == [{"Key": "team", "Value": "x"}]


def test_update_pipeline_makes_a_version_and_leaves_the_rest(plane: ControlPlane) -> None:
    create(plane, PipelineDescription="first")

    updated = plane.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))

    assert updated == {"PipelineArn": ARN, "PipelineVersionId": 2}
    described = plane.call("DescribePipeline", PipelineName="churn")
    assert described["PipelineDefinition"] == definition("New")
    assert described["PipelineDescription"] == "first"


def test_update_pipeline_without_definition_makes_no_version(plane: ControlPlane) -> None:
    create(plane)

    updated = plane.call("UpdatePipeline", PipelineName="churn", PipelineDescription="second")

    assert updated["PipelineVersionId"] == 1
    assert plane.call("DescribePipeline", PipelineName="churn")["PipelineDescription"] == "second"


def test_update_pipeline_by_many_at_once_numbers_every_version(plane: ControlPlane) -> None:
    create(plane)

    def update(number: int) -> int:
        answer = plane.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition(f"Step{number}"))
        return int(answer["PipelineVersionId"])

    with ThreadPoolExecutor(8) as threads:
        versions = list(threads.map(update, range(24)))

    assert sorted(versions) == list(range(2, 26))


def test_update_pipeline_with_a_bad_definition_changes_nothing(plane: ControlPlane) -> None:
    create(plane)

    with pytest.raises(Refused, match="ValidationException"):
        plane.call("UpdatePipeline", PipelineName="churn", PipelineDefinition="{", PipelineDescription="second")

    assert "PipelineDescription" not in plane.call("DescribePipeline", PipelineName="churn")


def test_update_pipeline_that_is_not_there_is_refused(plane: ControlPlane) -> None:
    with pytest.raises(Refused, match="ResourceNotFound: Pipeline 'churn' does not exist"):
        plane.call("UpdatePipeline", PipelineName="churn")


def test_describe_pipeline_shows_an_old_version(plane: ControlPlane) -> None:
    create(plane)
    plane.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))

    old = plane.call("DescribePipeline", PipelineName="churn", PipelineVersionId=1)

    assert old["PipelineDefinition"] == definition()


def test_pipeline_versions_are_listed_newest_first(plane: ControlPlane) -> None:
    create(plane)
    plane.call("UpdatePipeline", PipelineName="churn", PipelineDefinition=definition("New"))
    plane.call("UpdatePipelineVersion", PipelineArn=ARN, PipelineVersionId=1, PipelineVersionDisplayName="first")

    summaries = plane.call("ListPipelineVersions", PipelineName="churn")["PipelineVersionSummaries"]

    assert [summary["PipelineVersionId"] for summary in summaries] == [2, 1]
    assert summaries[1]["PipelineVersionDisplayName"] == "first"


def test_pipeline_versions_name_their_last_execution(plane: ControlPlane) -> None:
    create(plane)
    started = plane.call("StartPipelineExecution", PipelineName="churn")["PipelineExecutionArn"]

    summaries = plane.call("ListPipelineVersions", PipelineName=ARN)["PipelineVersionSummaries"]

    assert summaries[0]["LastExecutionPipelineExecutionArn"] == started


def test_update_pipeline_version_that_is_not_there_is_refused(plane: ControlPlane) -> None:
    create(plane)

    with pytest.raises(Refused, match="ResourceNotFound: Pipeline 'churn' has no version '2'"):
        plane.call("UpdatePipelineVersion", PipelineArn=ARN, PipelineVersionId=2)


def test_list_pipelines_filters_sorts_and_pages(plane: ControlPlane) -> None:
    for name in ("b-one", "a-two", "b-three"):
        create(plane, name)

    def names(**request: Any) -> list[str]:
        return [item["PipelineName"] for item in plane.pages("ListPipelines", "PipelineSummaries", **request)]

    assert names() == ["b-three", "a-two", "b-one"]
    assert names(SortBy="Name", SortOrder="Ascending", MaxResults=1) == ["a-two", "b-one", "b-three"]
    assert names(PipelineNamePrefix="b") == ["b-three", "b-one"]
    assert names(CreatedBefore=0) == []


def test_list_pipelines_tells_the_last_run(plane: ControlPlane) -> None:
    create(plane)
    arn = plane.call("StartPipelineExecution", PipelineName="churn")["PipelineExecutionArn"]
    started = plane.call("DescribePipelineExecution", PipelineExecutionArn=arn)["CreationTime"]

    assert plane.call("ListPipelines")["PipelineSummaries"][0]["LastExecutionTime"] == started
    assert plane.call("DescribePipeline", PipelineName="churn")["LastRunTime"] == started


def test_delete_pipeline_takes_its_executions_along(plane: ControlPlane) -> None:
    create(plane)
    arn = plane.call("StartPipelineExecution", PipelineName="churn")["PipelineExecutionArn"]
    plane.executions.wait(arn, 10)

    assert plane.call("DeletePipeline", PipelineName="churn") == {"PipelineArn": ARN}

    with pytest.raises(Refused, match="ResourceNotFound"):
        plane.call("DescribePipelineExecution", PipelineExecutionArn=arn)
    create(plane)
    assert plane.call("ListPipelineExecutions", PipelineName="churn") == {"PipelineExecutionSummaries": []}


def test_delete_pipeline_with_a_running_execution_is_refused(plane: ControlPlane) -> None:
    plane.runner.behaviour = until_stopped
    create(plane)
    arn = plane.call("StartPipelineExecution", PipelineName="churn")["PipelineExecutionArn"]

    with pytest.raises(Refused, match=f"ConflictException: Pipeline 'churn' has a running execution \\({arn}\\)"):
        plane.call("DeletePipeline", PipelineName="churn")

    assert plane.call("DescribePipeline", PipelineName="churn")["PipelineName"] == "churn"
