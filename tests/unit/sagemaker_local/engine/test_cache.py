from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sagemaker_local.engine.cache import CacheConfig, cache_key, parse_cache_config, parse_duration
from sagemaker_local.errors import ValidationException


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P30D", timedelta(days=30)),
        ("p30d", timedelta(days=30)),
        ("30d", timedelta(days=30)),
        ("P4DT12H", timedelta(days=4, hours=12)),
        ("T12H", timedelta(hours=12)),
        ("T16m", timedelta(minutes=16)),
        ("30dT5h", timedelta(days=30, hours=5)),
        ("PT90S", timedelta(seconds=90)),
        ("P1Y", timedelta(days=365)),
        ("P2M", timedelta(days=60)),
        ("P1W", timedelta(weeks=1)),
    ],
)
def test_duration_in_any_form_that_sagemaker_takes_is_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "P", "PT", "soon", "30", "P-1D", "P1.5D", 30, "12H30M"])
def test_duration_that_is_none_is_refused(text: Any) -> None:
    with pytest.raises(ValidationException, match="is not an ISO 8601 duration"):
        parse_duration(text)


def test_disabled_cache_config_is_none() -> None:
    assert parse_cache_config({"Enabled": False, "ExpireAfter": "P1D"}) is None


def test_cache_config_without_expiry_never_expires() -> None:
    assert parse_cache_config({"Enabled": True}) == CacheConfig(expire_after=None)


@pytest.mark.parametrize("raw", [True, {}, {"Enabled": "yes"}, {"Enabled": True, "Expire": "P1D"}])
def test_cache_config_of_another_form_is_refused(raw: Any) -> None:
    with pytest.raises(ValidationException, match="'CacheConfig'"):
        parse_cache_config(raw)


def test_cache_key_depends_on_key_attributes_only() -> None:
    first = cache_key(
        "P", "Processing", {"Environment": {"a": "1"}, "RoleArn": "x", "ProcessingOutputConfig": {"a": 1}}
    )
    second = cache_key("P", "Processing", {"Environment": {"a": "1"}, "RoleArn": "y"})

    assert first == second


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [
        ("Processing", "AppSpecification"),
        ("Processing", "ProcessingInputs"),
        ("Training", "HyperParameters"),
        ("Training", "InputDataConfig"),
        ("Transform", "ModelName"),
        ("Transform", "TransformInput"),
    ],
)
def test_cache_key_changes_with_a_key_attribute(kind: str, attribute: str) -> None:
    assert cache_key("S", kind, {attribute: 1}) != cache_key("S", kind, {attribute: 2})


def test_cache_key_of_two_steps_differs() -> None:
    assert cache_key("A", "Processing", {}) != cache_key("B", "Processing", {})


@given(st.dictionaries(st.text(), st.text()))
def test_cache_key_does_not_depend_on_the_order_of_members(environment: dict[str, str]) -> None:
    turned = dict(reversed(environment.items()))

    assert cache_key("P", "Training", {"Environment": environment}) == cache_key(
        "P", "Training", {"Environment": turned}
    )
