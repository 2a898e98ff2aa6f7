"""Partition projection: the partitions that a table's parameters describe, without the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from math import prod

from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.projection_dates import bound, dates, default_unit, python_format
from sagemaker_local.records.catalog import CatalogTable

_MAX_PARTITIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class ProjectedPartition:
    """The values of the keys as texts, and where the files are."""

    values: tuple[str, ...]
    location: str


def is_projected(table: CatalogTable) -> bool:
    """Whether the table's partitions come from its parameters: those in the catalog are then ignored."""
    return str((table.definition.get("Parameters") or {}).get("projection.enabled", "")).lower() == "true"


def projected_partitions(table: CatalogTable, wanted: Mapping[str, Sequence[str]]) -> list[ProjectedPartition]:
    """All partitions, those left out whose values are not wanted.

    Args:
        table: the table.
        wanted: what conditions say of single keys: the only values that a row can have.

    Raises:
        QueryError: the parameters are incomplete or wrong, or a condition on an injected key is missing.
    """
    parameters = {key: str(value) for key, value in (table.definition.get("Parameters") or {}).items()}
    keys = [key.lower() for key, _ in table.partition_keys]
    missing = [key for key in keys if f"projection.{key}.type" not in parameters]
    full_name = f"{table.database}.{table.name}"
    if missing:
        raise QueryError(
            "HIVE_METASTORE_ERROR",
            f"Table {full_name} is configured for partition projection, but the following partition columns are "
            f"missing projection configuration: [{', '.join(missing)}]",
        )
    try:
        lists = [_values(key, parameters, wanted.get(key)) for key in keys]
    except ValueError as error:
        raise QueryError("HIVE_METASTORE_ERROR", f"Table {full_name}: {error}") from error
    count = prod(len(values) for values in lists)
    if count > _MAX_PARTITIONS:
        raise QueryError(
            "NOT_SUPPORTED",
            f"Table {full_name} has {count} projected partitions for this query; {_MAX_PARTITIONS} are supported here: "
            "give more conditions on its partition keys, with = or IN.",
        )
    template = _template(table, keys, parameters)
    return [ProjectedPartition(values, _location(template, keys, values)) for values in product(*lists)]


def _values(key: str, parameters: Mapping[str, str], wanted: Sequence[str] | None) -> list[str]:
    kind = parameters[f"projection.{key}.type"].lower()
    if kind == "injected":
        if wanted is None:
            raise QueryError(
                "CONSTRAINT_VIOLATION",
                f"For the injected projected partition column {key}, the WHERE clause must contain only static "
                "equality conditions, and at least one such condition must be present.",
            )
        return list(wanted)
    if kind not in _READERS:
        raise ValueError(f"projection.{key}.type is '{kind}'; it is one of {', '.join(_READERS)}, injected")
    values = _READERS[kind](f"projection.{key}.", parameters)
    # Texts are compared exactly; numbers and dates may be written in several ways, so conditions decide on them later.
    return [value for value in values if value in wanted] if kind == "enum" and wanted is not None else values


def _enum(prefix: str, parameters: Mapping[str, str]) -> list[str]:
    return [value.strip() for value in _required(parameters, f"{prefix}values").split(",")]


def _integers(prefix: str, parameters: Mapping[str, str]) -> list[str]:
    first, last = _range(parameters, f"{prefix}range")
    interval = int(parameters.get(f"{prefix}interval", "1"))
    digits = int(parameters.get(f"{prefix}digits", "0"))
    if interval < 1:
        raise ValueError(f"{prefix}interval is '{interval}'; it is 1 or more")
    numbers = range(int(first), int(last) + 1, interval)
    if len(numbers) > _MAX_PARTITIONS:
        raise ValueError(f"{prefix}range has {len(numbers)} values; {_MAX_PARTITIONS} are supported here")
    return [f"{number:0{digits}d}" for number in numbers]


def _dates(prefix: str, parameters: Mapping[str, str]) -> list[str]:
    java = _required(parameters, f"{prefix}format")
    form = python_format(java)
    unit = parameters.get(f"{prefix}interval.unit") or default_unit(java)
    if unit is None:
        raise ValueError(f"{prefix}interval.unit is missing; the format '{java}' needs one")
    now = datetime.now(UTC).replace(tzinfo=None)
    first, last = (bound(text, form, now) for text in _range(parameters, f"{prefix}range"))
    interval = int(parameters.get(f"{prefix}interval", "1"))
    if interval < 1:
        raise ValueError(f"{prefix}interval is '{interval}'; it is 1 or more")
    return [moment.strftime(form) for moment in dates(first, last, interval, unit)]


_READERS: Mapping[str, Callable[[str, Mapping[str, str]], list[str]]] = {
    "enum": _enum,
    "integer": _integers,
    "date": _dates,
}


def _required(parameters: Mapping[str, str], name: str) -> str:
    if not parameters.get(name):
        raise ValueError(f"the parameter {name} is missing")
    return parameters[name]


def _range(parameters: Mapping[str, str], name: str) -> tuple[str, str]:
    first, comma, last = _required(parameters, name).partition(",")
    if not comma:
        raise ValueError(f"{name} is '{first}'; it is two values with a comma between them")
    return first.strip(), last.strip()


def _template(table: CatalogTable, keys: Sequence[str], parameters: Mapping[str, str]) -> str:
    given = parameters.get("storage.location.template")
    if given is None:
        folders = "".join(f"{key}=${{{key}}}/" for key in keys)
        return f"{str(table.storage.get('Location') or '').rstrip('/')}/{folders}"
    absent = [key for key in keys if f"${{{key}}}" not in given]
    if absent:
        raise QueryError(
            "HIVE_METASTORE_ERROR",
            f"Table {table.database}.{table.name}: storage.location.template '{given}' lacks "
            f"{', '.join(f'${{{key}}}' for key in absent)}",
        )
    return given if given.endswith("/") else f"{given}/"


def _location(template: str, keys: Sequence[str], values: Sequence[str]) -> str:
    location = template
    for key, value in zip(keys, values, strict=True):
        location = location.replace(f"${{{key}}}", value)
    return location
