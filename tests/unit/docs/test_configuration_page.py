"""Holds docs/configuration.md against the configuration's model."""

from __future__ import annotations

import json

from pipelines.config import load
from pipelines.config.model import PipelineConfig
from tests.fakes.config_keys import EXAMPLE, Key, keys_of
from tests.fakes.markdown import ROOT, Row, page, section, tables

PAGE = "docs/configuration.md"
ROWS = tables(page(PAGE))
KEY_ROWS = [row for row in ROWS if "default" in row.cells]
KEYS = list(keys_of(PipelineConfig))
# Of one run, not of the configuration.
WITHOUT_KEY = {"GitCommit", "LabelsUri", "ModelVersion"}
GOLDEN = ROOT / "tests/integration/pipelines/golden"


def line(key: Key) -> tuple[str, str, str, str]:
    default = key.default if key.default == "required" else f"`{key.default}`"
    if key.default.startswith("as in "):
        default = f"as in `{EXAMPLE}`"
    return key.section or "At the top", f"`{key.name}`", key.type, default


def shown(row: Row) -> tuple[str, str, str, str]:
    return row.section, row.cells["key"], row.cells["type"], row.cells["default"]


def test_page_has_each_key_with_its_type_and_default_in_the_models_order() -> None:
    assert [shown(row) for row in KEY_ROWS] == [line(key) for key in KEYS]


def test_keys_without_a_meaning_explain_themselves() -> None:
    silent = {row.cells["key"].strip("`") for row in KEY_ROWS if not row.cells["meaning"]}

    assert silent <= {name for name in silent if name.endswith(("_type", "_types", "threshold", "_mb", "_seconds"))}


def test_defaults_that_the_page_leaves_to_the_example_are_in_it() -> None:
    example = load([ROOT / EXAMPLE])

    for key in KEYS:
        if key.default.startswith("as in "):
            assert getattr(getattr(example, key.section), key.name) == key.value


def test_page_has_each_parameter_of_the_pipeline_with_a_key() -> None:
    goldens = [json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN.glob("*.json")]
    known = {f"{key.section}.{key.name}".removeprefix(".") for key in KEYS}
    rows = section(ROWS, "For one run")

    parameters = [name for row in rows for name in row.spans("parameter")]

    assert sorted({*parameters, *WITHOUT_KEY}) == sorted(
        {item["Name"] for golden in goldens for item in golden["Parameters"]}
    )
    assert {name for row in rows for name in row.spans("key")} <= known
    assert all(len(row.spans("parameter")) == len(row.spans("key")) for row in rows)
