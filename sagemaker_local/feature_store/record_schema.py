"""What a record of one feature group may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.records.event_time import parse_event_time
from sagemaker_local.records.feature_group import FeatureGroup, FeatureType
from sagemaker_local.records.feature_record import FeatureRecord

_RECORD_BYTES = 350 * 1024
_IDENTIFIER_BYTES = 2 * 1024
_SHOWN_CHARACTERS = 64
_INTEGRAL = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_FRACTIONAL = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|Infinity)", re.ASCII)


class RecordSchema:
    """Reads records as requests have them; made once for each state of a group."""

    def __init__(self, group: FeatureGroup) -> None:
        self.group = group
        self._types = group.features
        self._positions = {name: position for position, name in enumerate(self._types)}
        self._identifier = group.identifier_feature
        self._event_time = group.event_time_feature

    def read(self, features: Iterable[Mapping[str, Any]]) -> FeatureRecord:
        """Read `[{"FeatureName": "id", "ValueAsString": "a"}, ...]`; a feature without a value is null.

        Raises:
            ValidationException: no identifier, no event time, an unknown feature, a value that is not of its type.
        """
        values = self.values(features)
        for name in (self._identifier, self._event_time):
            if name not in values:
                raise ValidationException(
                    f"The record has no value for '{name}'. Every record of feature group '{self.group.name}' needs "
                    f"its identifier '{self._identifier}' and its event time '{self._event_time}'."
                )
        return self.record(values)

    def record(self, values: Mapping[str, str]) -> FeatureRecord:
        """Make a record of checked values, the identifier and the event time among them."""
        identifier, event_time = values[self._identifier], values[self._event_time]
        self.check_identifier(identifier)
        size = sum(len(name) + len(value.encode()) for name, value in values.items())
        if size > _RECORD_BYTES:
            raise ValidationException(
                f"The record '{identifier[:_SHOWN_CHARACTERS]}' has {size} bytes; at most {_RECORD_BYTES} are allowed."
            )
        return FeatureRecord(
            group_name=self.group.name,
            identifier=identifier,
            event_milliseconds=self.event_milliseconds(event_time),
            values={name: values[name] for name in sorted(values, key=self._positions.__getitem__)},
        )

    def marker(self, identifier: str, event_time: str) -> FeatureRecord:
        """Make the marker that a deletion leaves: the identifier and the event time, all else null.

        Raises:
            ValidationException: the event time is not valid.
        """
        self.check_identifier(identifier)
        return FeatureRecord(
            group_name=self.group.name,
            identifier=identifier,
            event_milliseconds=self.event_milliseconds(event_time),
            values={self._identifier: identifier, self._event_time: event_time},
            is_deleted=True,
        )

    def values(self, features: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Read values by feature, each checked by its type; those without a value are left out."""
        values: dict[str, str] = {}
        seen: set[str] = set()
        for feature in features:
            name = feature["FeatureName"]
            self._check_name(name, seen)
            seen.add(name)
            if feature.get("ValueAsStringList") is not None:
                raise UnsupportedFeature(
                    f"ValueAsStringList of feature '{name}' is not supported by the local endpoint, "
                    "and the feature is no collection. Give ValueAsString."
                )
            value = feature.get("ValueAsString")
            if value is not None:
                _check_value(name, self._types[name], value)
                values[name] = value
        return values

    def event_milliseconds(self, text: str) -> int:
        """Read an event time; raises ValidationException."""
        return parse_event_time(text, self._types[self._event_time])

    def check_names(self, names: Iterable[str]) -> None:
        """Refuse a name that the group does not define, or that is there twice."""
        seen: set[str] = set()
        for name in names:
            self._check_name(name, seen)
            seen.add(name)

    def check_identifier(self, identifier: str) -> None:
        """Refuse an identifier that is empty, too long, or not of its feature's type."""
        if not 0 < len(identifier.encode()) <= _IDENTIFIER_BYTES:
            raise ValidationException(
                f"The record identifier '{identifier[:_SHOWN_CHARACTERS]}' has {len(identifier.encode())} bytes; "
                f"1 to {_IDENTIFIER_BYTES} are allowed."
            )
        _check_value(self._identifier, self._types[self._identifier], identifier)

    def _check_name(self, name: str, seen: set[str]) -> None:
        if name not in self._types:
            raise ValidationException(
                f"Feature group '{self.group.name}' has no feature '{name}'; "
                f"it has {', '.join(list(self._types)[:20])}. Add it with UpdateFeatureGroup, or leave it out."
            )
        if name in seen:
            raise ValidationException(f"The feature '{name}' is there twice; give each feature once.")


def _check_value(name: str, kind: FeatureType, value: str) -> None:
    if kind is FeatureType.STRING:
        return
    if kind is FeatureType.INTEGRAL:
        is_valid = _INTEGRAL.fullmatch(value) is not None and -(2**63) <= int(value) < 2**63
        wanted = "a whole number of 64 bits, such as 42"
    else:
        is_valid = _FRACTIONAL.fullmatch(value) is not None
        wanted = "a number, such as 4.2"
    if not is_valid:
        raise ValidationException(
            f"The value '{value[:_SHOWN_CHARACTERS]}' of feature '{name}' is not {kind.value}; give {wanted}."
        )
