"""Configuration files as YAML, each key with the line that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import UnreadableConfig

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key was set; shown as file:line."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Source:
    """Values, and for each key path the place that set it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[KeyPath, Place] = field(default_factory=dict)

    def overridden_by(self, later: Source) -> Source:
        """Return both together: sections are merged, anything else of the later one replaces the earlier."""
        values, places = dict(self.values), dict(self.places)
        _merge(values, later.values, places, ())
        return Source(values, {**places, **later.places})

    def place(self, key: KeyPath) -> Place | None:
        """Find where a key was set, or the nearest section around it."""
        while key:
            if key in self.places:
                return self.places[key]
            key = key[:-1]
        return None


def read(path: Path) -> Source:
    """Read one file.

    Raises:
        UnreadableConfig: the file is missing, not UTF-8, not a YAML mapping, or says a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except OSError as error:
        raise UnreadableConfig(f"The configuration file {str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableConfig(f"The configuration file {str(path)!r} is not UTF-8 text: {error.reason}.") from error
    except yaml.YAMLError as error:
        raise UnreadableConfig(f"The configuration file {str(path)!r} is not YAML: {error}") from error
    if node is None:
        return Source()
    if not isinstance(node, yaml.MappingNode):
        raise UnreadableConfig(
            f"The configuration file {str(path)!r} holds no keys; write one `key: value` a line, as in configs/."
        )
    places: dict[KeyPath, Place] = {}
    for key, line in _keys(node, ()):
        if key in places:
            raise UnreadableConfig(
                f"{path}:{line}: {'.'.join(key)!r} is said twice, first in line {places[key].line}; keep one of them."
            )
        places[key] = Place(path, line)
    return Source(values, places)


def _keys(node: yaml.MappingNode, above: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    for key_node, value_node in node.value:
        key = (*above, str(key_node.value))
        yield key, key_node.start_mark.line + 1
        if isinstance(value_node, yaml.MappingNode):
            yield from _keys(value_node, key)


def _merge(into: dict[str, Any], values: Mapping[str, Any], places: dict[KeyPath, Place], above: KeyPath) -> None:
    for name, value in values.items():
        key = (*above, name)
        if isinstance(into.get(name), Mapping) and isinstance(value, Mapping):
            section = dict(into[name])
            _merge(section, value, places, key)
            into[name] = section
            continue
        into[name] = value
        for known in [known for known in places if known[: len(key)] == key]:
            del places[known]
