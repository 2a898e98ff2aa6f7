import io
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lambdas.verdict import EvaluationRefused, PolicyRefused, handler, metadata_text, verdict

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3"
AUC, RECALL = "binary_classification_metrics.auc.value", "binary_classification_metrics.recall.value"
ALLOWED = re.compile(r"[\w .:/=+@-]{1,256}")
REASON = (
    "auc is 0.712, the threshold asks for at least 0.750; the champion (version 3) has 0.861, and at most 0.01 less is "
    "allowed"
)


class FakeClients:
    """S3 with one evaluation, and a registry that notes what it is told."""

    def __init__(self, **gate: Any) -> None:
        self.updates: list[dict[str, Any]] = []
        self.document: dict[str, Any] = {
            "binary_classification_metrics": {"auc": {"value": 0.87}, "recall": {"value": 0.6}},
            "gate": {
                "metric": AUC,
                "comparison": "at_least",
                "value": 0.87,
                "champion": {"model_package_arn": ARN, "value": 0.86},
                "passed": True,
                "reason": REASON,
                **gate,
            },
        }

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's own spelling
        if (Bucket, Key) != ("lake", "evaluation/run-1/evaluation.json"):
            raise ClientError({"Error": {"Code": "NoSuchKey" if Bucket == "lake" else "AccessDenied"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self.document).encode())}

    def update_model_package(self, **request: Any) -> None:
        self.updates.append(request)


def answer_of(clients: FakeClients, policy: Any = None, **event: Any) -> dict[str, str]:
    every = {
        "EvaluationUri": "s3://lake/evaluation/run-1/evaluation.json",
        "ApprovalStatus": "PendingManualApproval",
        "ApprovalPolicy": "none" if policy is None else json.dumps(policy),
        "PipelineExecutionId": "run-1",
        **event,
    }
    return verdict(clients, clients, every)


def test_passed_gate_gives_every_output_as_text_and_leaves_the_champion_alone() -> None:
    clients = FakeClients()

    answer = answer_of(clients)

    assert answer == {
        "Passed": "True",
        "Reason": REASON,
        "Metric": AUC,
        "Value": "0.87",
        "ChampionModelPackageArn": ARN,
        "ChampionValue": "0.86",
        "MetadataReason": "auc is 0.712 the threshold asks for at least 0.750 - the champion version 3 has 0.861 and "
        "at most 0.01 less is allowed",
        "ApprovalStatus": "PendingManualApproval",
        "ApprovalReason": "there is no approval policy: the status is the one asked for",
    }
    assert clients.updates == []


def test_refused_challenger_is_noted_with_the_champion() -> None:
    clients = FakeClients(passed=False, value=0.712)

    answer = answer_of(clients)

    assert answer["Passed"] == "False"
    assert clients.updates == [
        {
            "ModelPackageArn": ARN,
            "CustomerMetadataProperties": {
                "LastChallengerExecutionId": "run-1",
                "LastChallengerValue": "0.712",
                "LastChallengerReason": answer["MetadataReason"],
            },
        }
    ]


def test_refused_challenger_is_noted_with_a_champion_that_could_not_be_compared_too() -> None:
    clients = FakeClients(passed=False, champion={"model_package_arn": ARN, "error": "its target is 'x'"})

    answer = answer_of(clients)

    assert (answer["ChampionModelPackageArn"], answer["ChampionValue"]) == (ARN, "none")
    assert [update["ModelPackageArn"] for update in clients.updates] == [ARN]


def test_refused_challenger_without_a_champion_changes_nothing() -> None:
    clients = FakeClients(passed=False, champion=None)

    answer = answer_of(clients)

    assert (answer["ChampionModelPackageArn"], answer["ChampionValue"]) == ("none", "none")
    assert clients.updates == []


def test_refused_model_is_never_approved() -> None:
    policy = {"rules": [{"metric": AUC, "at_least": 0.5}]}

    answer = answer_of(FakeClients(passed=False), policy, ApprovalStatus="Approved")

    assert (answer["ApprovalStatus"], answer["ApprovalReason"]) == ("Rejected", "the gate said no")


@pytest.mark.parametrize(
    ("policy", "status", "reason"),
    [
        ({"rules": [{"metric": AUC, "at_least": 0.87}]}, "Approved", "every rule holds: auc is 0.87 for at least 0.87"),
        (
            {"rules": [{"metric": AUC, "at_least": 0.8}, {"metric": RECALL, "at_least": 0.7}]},
            "PendingManualApproval",
            "not approved: recall is 0.6 for at least 0.7",
        ),
        (
            {"rules": [{"metric": AUC, "at_most": 0.8}, {"metric": RECALL, "at_most": 0.5}], "otherwise": "Rejected"},
            "Rejected",
            "not approved: auc is 0.87 for at most 0.8 and recall is 0.6 for at most 0.5",
        ),
        (
            {"rules": [], "improvement": 0.01},
            "Approved",
            "every rule holds: the champion is beaten by 0.01 for at least 0.01",
        ),
        (
            {"rules": [{"metric": AUC, "at_least": 0.8}], "improvement": 0.011},
            "PendingManualApproval",
            "not approved: the champion is beaten by 0.01 for at least 0.011",
        ),
    ],
)
def test_policy_decides_the_status(policy: dict[str, Any], status: str, reason: str) -> None:
    answer = answer_of(FakeClients(), policy, ApprovalStatus="Approved")

    assert (answer["ApprovalStatus"], answer["ApprovalReason"]) == (status, reason)


@pytest.mark.parametrize(("value", "status"), [(2.0, "Approved"), (2.1, "PendingManualApproval"), (2.5, "PendingM")])
def test_improvement_of_an_error_is_a_smaller_one(value: float, status: str) -> None:
    clients = FakeClients(comparison="at_most", value=value, champion={"model_package_arn": ARN, "value": 2.2})

    assert answer_of(clients, {"improvement": 0.2})["ApprovalStatus"].startswith(status)


def test_first_version_has_no_champion_to_beat() -> None:
    answer = answer_of(FakeClients(champion=None), {"improvement": 0.2})

    assert (answer["ApprovalStatus"], answer["ApprovalReason"]) == (
        "Approved",
        "every rule holds: there is no champion to beat",
    )


def test_champion_that_cannot_be_compared_is_not_beaten() -> None:
    clients = FakeClients(champion={"model_package_arn": ARN, "error": "its target is 'x'"})

    answer = answer_of(clients, {"improvement": 0.0})

    assert (answer["ApprovalStatus"], answer["ApprovalReason"]) == (
        "PendingManualApproval",
        "not approved: the champion cannot be compared",
    )


def test_long_reason_is_cut_to_what_each_output_holds() -> None:
    answer = answer_of(FakeClients(reason="größer; [zu] lang\n" + "x, " * 1000))

    assert len(answer["Reason"]) == 1024
    assert answer["Reason"].endswith("…")
    assert answer["MetadataReason"].startswith("größer - zu lang x x")
    assert ALLOWED.fullmatch(answer["MetadataReason"])


def test_metadata_text_keeps_what_the_registry_takes() -> None:
    text = "f0_5: a.b/c=1+2-3 @x"

    assert metadata_text(text) == text


@pytest.mark.parametrize("value", [None, "NaN", True, {"value": 1}])
def test_policy_whose_metric_is_no_number_is_refused_by_name(value: Any) -> None:
    clients = FakeClients()
    clients.document["binary_classification_metrics"]["auc"]["value"] = value

    with pytest.raises(PolicyRefused, match=re.escape(f"metric '{AUC}' is not a number in evaluation.json")):
        answer_of(clients, {"rules": [{"metric": AUC, "at_least": 0.5}]})


@pytest.mark.parametrize(("text", "expected"), [("{", "is no JSON"), ("{}", "has no rule"), ("[]", "has no rule")])
def test_malformed_policy_is_refused(text: str, expected: str) -> None:
    with pytest.raises(PolicyRefused, match=expected):
        answer_of(FakeClients(), ApprovalPolicy=text)


def test_evaluation_that_is_not_there_is_refused_by_address() -> None:
    with pytest.raises(EvaluationRefused, match=r"There is no s3://lake/evaluation.json: look at the log of the step"):
        answer_of(FakeClients(), EvaluationUri="s3://lake/evaluation.json")


def test_evaluation_that_may_not_be_read_is_aws_own_error() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        answer_of(FakeClients(), EvaluationUri="s3://other/evaluation.json")


def test_evaluation_without_a_gate_is_refused_with_the_arguments_that_make_one() -> None:
    clients = FakeClients()
    del clients.document["gate"]

    with pytest.raises(
        EvaluationRefused, match=r"has no verdict of the gate: .* --metric, --comparison and --threshold"
    ):
        answer_of(clients)


def test_handler_makes_clients_of_the_functions_region(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = FakeClients()
    made: list[tuple[str, dict[str, str]]] = []

    def client(service: str, **options: str) -> FakeClients:
        made.append((service, options))
        return clients

    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setattr("boto3.client", client)

    answer = handler(
        {
            "EvaluationUri": "s3://lake/evaluation/run-1/evaluation.json",
            "ApprovalStatus": "Approved",
            "ApprovalPolicy": "none",
            "PipelineExecutionId": "run-1",
        },
        None,
    )

    assert answer["ApprovalStatus"] == "Approved"
    assert made == [("s3", {"region_name": "eu-west-3"}), ("sagemaker", {"region_name": "eu-west-3"})]
