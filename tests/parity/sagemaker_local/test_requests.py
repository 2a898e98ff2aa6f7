"""Our checks of requests against what botocore and the SageMaker SDK do."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from sagemaker_local.errors import ValidationException
from sagemaker_local.records import shapes
from sagemaker_local.records.patterns import matcher

CALLS = json.loads((Path(__file__).parent / "sdk_calls.json").read_text())
TOKEN = "0" * 36
MODEL = ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def as_sent(call: dict[str, Any]) -> dict[str, Any]:
    """The recorder saw the request before botocore filled in the token."""
    tokens = dict.fromkeys(MODEL.operation_model(call["operation"]).idempotent_members, TOKEN)
    return {**tokens, **copy.deepcopy(call["request"])}


def spoilt(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The request with one member at a time missing, of another type, or misspelt, at any depth."""
    for name, value in request.items():
        yield {other: item for other, item in request.items() if other != name}
        yield {**request, name: [] if isinstance(value, str | int | dict) else "text"}
        yield {**request, f"{name}z": value}
        if isinstance(value, dict):
            yield from ({**request, name: inner} for inner in spoilt(value))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**request, name: [inner, *value[1:]]} for inner in spoilt(value[0]))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['call']}: {call['operation']}")
def test_request_of_the_sdk_passes(call: dict[str, Any]) -> None:
    shapes.check("sagemaker", call["operation"], as_sent(call))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['call']}: {call['operation']}")
def test_request_that_botocore_would_not_send_is_refused_here_too(call: dict[str, Any]) -> None:
    shape = MODEL.operation_model(call["operation"]).input_shape
    validator = ParamValidator()
    for request in spoilt(as_sent(call)):
        if validator.validate(request, shape).has_errors():
            with pytest.raises(ValidationException, match="validation error"):
                shapes.check("sagemaker", call["operation"], request)


@pytest.mark.parametrize("service", ["sagemaker", "glue", "athena"])
def test_every_pattern_of_a_service_compiles(service: str) -> None:
    found = Loader().load_service_model(service, "service-2")["shapes"].values()
    patterns = {shape["pattern"] for shape in found if "pattern" in shape}

    for pattern in patterns:
        assert matcher(pattern)

    assert len(patterns) > 10
