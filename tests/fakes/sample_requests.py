"""Valid values for every field of a request, made out of botocore's shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sagemaker_local.records.patterns import matcher
from sagemaker_local.records.shapes import Shape, element_shape, member_shape

_SERVICE = "sagemaker"
# The first that a shape's pattern and length allow is taken.
_TEXTS = (
    "s3://bucket/key",
    "a",
    "/a",
    "a/b",
    "4K",
    "1.0.0",
    f"sha256:{'0' * 64}",
    "fs-01234567",
    "arn:aws:iam::000000000000:role/job",
    "arn:aws:lambda:us-west-2:000000000000:function:f",
    *(
        f"arn:aws:sagemaker:us-west-2:000000000000:{resource}"
        for resource in (
            "training-plan/a",
            "model-package/a/1",
            "model-package-group/a",
            "mlflow-tracking-server/a",
            "hub-content/hub/Model/a/1.0.0",
            "hub-content/hub/DataSet/a/1.0.0",
            "hub-content/hub/JsonDoc/a/1.0.0",
        )
    ),
)
# Of longer enumerations (instance types) one value stands for all.
_MOST_VALUES = 20


@dataclass(frozen=True)
class Setting:
    """One field with one value: `InputDataConfig[].InputMode`, "Pipe"."""

    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.path}={str(self.value)[:40]}"


def settings(shape: Shape, path: str = "") -> Iterator[Setting]:
    """Yield every field below a structure, at any depth, with the values worth trying."""
    for name in shape["members"]:
        member = member_shape(_SERVICE, shape, name)
        assert member is not None
        yield from _settings(member, f"{path}.{name}".removeprefix("."))


def field_shape(shape: Shape, path: str) -> Shape:
    """The shape of a field; raises KeyError when the request has no such field."""
    for part in path.split("."):
        found = member_shape(_SERVICE, shape, part.removesuffix("[]"))
        if found is None:
            raise KeyError(path)
        shape = element_shape(_SERVICE, found) if part.endswith("[]") else found
    return shape


def minimal(shape: Shape) -> Any:
    """The smallest valid value that is not empty."""
    kind = shape["type"]
    if kind == "structure":
        members = {name: member_shape(_SERVICE, shape, name) for name in shape.get("required", ())}
        return {name: minimal(member) for name, member in members.items() if member is not None}
    if kind == "list":
        return [minimal(element_shape(_SERVICE, shape))] * max(1, shape.get("min", 1))
    if kind == "map":
        return {"a": minimal(element_shape(_SERVICE, shape))}
    if kind == "string":
        return shape["enum"][0] if "enum" in shape else _text(shape)
    return True if kind == "boolean" else max(1, shape.get("min", 1))


def with_setting(base: Any, shape: Shape, setting: Setting) -> Any:
    """A copy of a request with one field set; what the field's surroundings require is filled in."""
    return _set(base, shape, setting.path.split("."), setting.value)


def without_field(base: Any, path: str) -> Any:
    """A copy of a request that lacks a field."""
    name, _, rest = path.partition(".")
    plain = name.removesuffix("[]")
    if not rest:
        return {key: value for key, value in base.items() if key != plain}
    inner = base[plain]
    changed = [without_field(inner[0], rest)] if name.endswith("[]") else without_field(inner, rest)
    return {**base, plain: changed}


def _settings(shape: Shape, path: str) -> Iterator[Setting]:
    kind = shape["type"]
    if kind == "list" and element_shape(_SERVICE, shape)["type"] == "structure":
        yield from settings(element_shape(_SERVICE, shape), f"{path}[]")
    elif kind == "structure" and shape["members"]:
        yield from settings(shape, path)
    elif kind == "boolean":
        yield from (Setting(path, value) for value in (True, False))
    elif len(shape.get("enum", ())) in range(1, _MOST_VALUES):
        yield from (Setting(path, value) for value in shape["enum"])
    else:
        yield Setting(path, minimal(shape))


def _set(base: Any, shape: Shape, parts: list[str], value: Any) -> Any:
    name = parts[0].removesuffix("[]")
    member = member_shape(_SERVICE, shape, name)
    assert member is not None, f"{parts[0]} is no member"
    if len(parts) == 1:
        return {**base, name: value}
    known = base.get(name)
    if parts[0].endswith("[]"):
        inner = element_shape(_SERVICE, member)
        return {**base, name: [_set((known or [minimal(inner)])[0], inner, parts[1:], value)]}
    return {**base, name: _set(minimal(member) if known is None else known, member, parts[1:], value)}


def _text(shape: Shape) -> str:
    lengths = range(shape.get("min", 0), shape.get("max", 10**6) + 1)
    for text in _TEXTS:
        if len(text) in lengths and ("pattern" not in shape or matcher(shape["pattern"]).fullmatch(text)):
            return text
    raise AssertionError(f"no sample text fits {shape}; add one to _TEXTS")
