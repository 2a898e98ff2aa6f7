"""The base of every section: frozen, strict, and closed to unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One group of keys of the configuration."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", serialize_by_alias=True)
