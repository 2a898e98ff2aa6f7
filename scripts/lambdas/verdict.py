"""The Lambda that turns an evaluation into a verdict: what the gate said, why, and the status of a fresh version."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

NONE = "none"
"""What an output without a value is: outputs of a Lambda step are texts, and an empty one is easily lost."""
REASON_CHARACTERS = 1024
METADATA_CHARACTERS = 256
_NO_METADATA = re.compile(r"[^\w .:/=+@-]")
"""CustomerMetadataProperties take letters, digits, spaces and these only."""
APPROVED, REJECTED = "Approved", "Rejected"


class EvaluationRefused(Exception):
    """The evaluation is not there, or holds no verdict of the gate."""


class PolicyRefused(Exception):
    """The approval policy cannot be applied."""


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, str]:
    """Return the gate's verdict and the status that a fresh version gets, all as text.

    The event has EvaluationUri, ApprovalStatus (what counts without a policy), ApprovalPolicy (JSON text, or `none`)
    and PipelineExecutionId.
    """
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    s3, sagemaker = (boto3.client(service, region_name=region) for service in ("s3", "sagemaker"))
    return verdict(s3, sagemaker, event)


def verdict(s3: Any, sagemaker: Any, event: Mapping[str, Any]) -> dict[str, str]:
    """Do the handler's work with given clients; a champion that stays is told who challenged it.

    Raises:
        EvaluationRefused: evaluation.json is not there, or has no member `gate`.
        PolicyRefused: the policy is malformed, or names a metric that the evaluation lacks.
    """
    document = read_evaluation(s3, str(event["EvaluationUri"]))
    gate = document["gate"]
    champion = gate["champion"] or {}
    reason = str(gate["reason"])
    status, status_reason = approval(document, str(event["ApprovalPolicy"]), str(event["ApprovalStatus"]))
    answer = {
        "Passed": str(bool(gate["passed"])),
        "Reason": _cut(reason, REASON_CHARACTERS),
        "Metric": str(gate["metric"]),
        "Value": repr(gate["value"]),
        "ChampionModelPackageArn": str(champion.get("model_package_arn", NONE)),
        "ChampionValue": repr(champion["value"]) if "value" in champion else NONE,
        "MetadataReason": metadata_text(reason),
        "ApprovalStatus": status,
        "ApprovalReason": metadata_text(status_reason),
    }
    print(f"The gate said {'yes' if gate['passed'] else 'no'}: {reason}. A version would be {status}: {status_reason}.")
    if champion and not gate["passed"]:
        sagemaker.update_model_package(
            ModelPackageArn=answer["ChampionModelPackageArn"],
            CustomerMetadataProperties={
                "LastChallengerExecutionId": str(event["PipelineExecutionId"]),
                "LastChallengerValue": answer["Value"],
                "LastChallengerReason": answer["MetadataReason"],
            },
        )
    return answer


def read_evaluation(s3: Any, uri: str) -> dict[str, Any]:
    """Read evaluation.json."""
    place = urlsplit(uri)
    try:
        body = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchKey":
            raise
        raise EvaluationRefused(f"There is no {uri}: look at the log of the step Evaluate, then retry.") from error
    document: dict[str, Any] = json.loads(body)
    if "gate" not in document:
        raise EvaluationRefused(
            f"{uri} has no verdict of the gate: evaluate.py writes one when it is given --metric, --comparison and "
            "--threshold."
        )
    return document


def approval(document: Mapping[str, Any], policy_text: str, status: str) -> tuple[str, str]:
    """Return the status of a fresh version, and why.

    Args:
        document: the evaluation with its member `gate`.
        policy_text: {rules: [{metric, at_least | at_most}], improvement, otherwise} as JSON, or `none`.
        status: what counts without a policy.
    """
    if not document["gate"]["passed"]:
        # Such a model is not registered; should somebody do it all the same, it must not score.
        return REJECTED, "the gate said no"
    if policy_text == NONE:
        return status, "there is no approval policy: the status is the one asked for"
    policy = _policy(policy_text)
    findings = list(_findings(document, policy))
    broken = [text for text, holds in findings if not holds]
    if broken:
        return str(policy.get("otherwise", "PendingManualApproval")), f"not approved: {' and '.join(broken)}"
    return APPROVED, f"every rule holds: {' and '.join(text for text, _ in findings)}"


def metadata_text(text: str) -> str:
    """Return a text as CustomerMetadataProperties take it: 256 characters at most, and no `;`, `,` or parentheses."""
    plain = _NO_METADATA.sub("", " ".join(text.replace(";", " -").split()))
    return plain[:METADATA_CHARACTERS].strip()


def _policy(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise PolicyRefused(f"The approval policy {text!r} is no JSON: {error}; write {NONE!r} for none.") from error
    if not isinstance(policy, dict) or not (policy.get("rules") or policy.get("improvement") is not None):
        raise PolicyRefused(f"The approval policy {text!r} has no rule: give rules, an improvement, or {NONE!r}.")
    return policy


def _findings(document: Mapping[str, Any], policy: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Say of each rule what was found, and whether it holds."""
    for rule in policy.get("rules") or ():
        value = _number(document, str(rule["metric"]))
        name = _short(str(rule["metric"]))
        if rule.get("at_least") is not None:
            yield f"{name} is {value:.6g} for at least {rule['at_least']:.6g}", value >= rule["at_least"]
        else:
            yield f"{name} is {value:.6g} for at most {rule['at_most']:.6g}", value <= rule["at_most"]
    if policy.get("improvement") is not None:
        yield _improvement(document["gate"], float(policy["improvement"]))


def _improvement(gate: Mapping[str, Any], asked: float) -> tuple[str, bool]:
    if gate["champion"] is None:
        return "there is no champion to beat", True
    if "value" not in gate["champion"]:
        return "the champion cannot be compared", False
    # As decimal numbers: 0.87 is better than 0.86 by 0.01, not by 0.010000000000000009.
    better = Decimal(repr(gate["value"])) - Decimal(repr(gate["champion"]["value"]))
    if gate["comparison"] == "at_most":
        better = -better
    return f"the champion is beaten by {better:.6g} for at least {asked:.6g}", better >= Decimal(repr(asked))


def _number(document: Mapping[str, Any], path: str) -> float:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found):
        raise PolicyRefused(
            f"The approval policy's metric {path!r} is not a number in evaluation.json ({found!r}): change "
            "registration.approval_policy in the configuration."
        )
    return float(found)


def _short(path: str) -> str:
    parts = path.split(".")
    return parts[1] if len(parts) == 3 and parts[0].endswith("_metrics") and parts[2] == "value" else path


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
