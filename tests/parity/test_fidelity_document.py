"""Holds docs/fidelity.md against the code: operations, steps, expressions, conditions, retries, caching, SQL."""

from __future__ import annotations

import ast
import importlib.util
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sagemaker_local.api import executions
from sagemaker_local.app import compose
from sagemaker_local.athena import calls, lambdas
from sagemaker_local.athena.failures import QueryError
from sagemaker_local.athena.functions.registry import FUNCTIONS
from sagemaker_local.athena.queries import Queries
from sagemaker_local.athena.statements import KINDS
from sagemaker_local.athena.syntax import parse as parse_sql
from sagemaker_local.athena.tables import Tables
from sagemaker_local.athena.translation import translate
from sagemaker_local.engine import conditions, references, trigger
from sagemaker_local.engine.cache import KEY_ATTRIBUTES
from sagemaker_local.engine.definition import parse
from sagemaker_local.engine.registry import Registry
from sagemaker_local.engine.retry_policy import Fault
from sagemaker_local.engine.step_type import STEP_TYPES
from sagemaker_local.errors import UnsupportedFeature, ValidationException
from sagemaker_local.ministack.service import LocalAws
from sagemaker_local.store.store import Store
from tests.fakes import step_definitions as steps
from tests.fakes.control_plane import build
from tests.fakes.fidelity import STATUSES
from tests.fakes.markdown import Row, page, section, tables
from tests.fakes.records import PLACE

ROWS = tables(page("docs/fidelity.md"))
# Athena's calls with a grammar of their own; everything else is in a table of the code.
GRAMMATICAL = {"extract", "listagg", "position"}
JOB_VARIABLES = {"TrainingJobName", "ProcessingJobName"}


def names(rows: list[Row], column: str, *statuses: str) -> list[str]:
    """What the rows of a table name; with statuses, only the rows that have one of them."""
    return [name for row in rows if not statuses or row.cells["here"] in statuses for name in row.spans(column)]


def test_every_answer_is_one_of_three_words() -> None:
    answers = {row.cells["here"] for row in ROWS if "here" in row.cells}

    assert answers == set(STATUSES)


def test_what_is_emulated_says_how() -> None:
    silent = [row for row in ROWS if row.cells.get("here") == "emulated" and not row.cells.get("note")]

    assert silent == []


@pytest.mark.parametrize("service", ["SageMaker", "Glue", "Athena"])
def test_each_operation_of_the_endpoint_is_named_once_and_no_other(tmp_path: Path, service: str) -> None:
    answered = operations(tmp_path)[service]

    said = Counter(names(section(ROWS, f"Operations / {service}"), "operations"))

    assert said == Counter(answered)


def operations(root: Path) -> dict[str, list[str]]:
    """What the composition root registers, by the service's heading on the page."""
    plane = build(root)
    queries = Queries(plane.store.queries, plane.store.catalog, plane.objects, PLACE)
    aws = cast("LocalAws", SimpleNamespace(objects=plane.objects))
    try:
        registered = compose._operations(
            plane.store,
            PLACE,
            Registry(plane.store, PLACE),
            plane.jobs,
            plane.tuning_jobs,
            plane.executions,
            queries,
            aws,
        )
        return {service: list(registered[service.lower()]) for service in ("SageMaker", "Glue", "Athena")}
    finally:
        queries.close()
        plane.close()


def test_step_types_are_those_of_the_engine_and_of_the_sdk() -> None:
    rows = section(ROWS, "Definitions / Step types")

    assert sorted(names(rows, "type", "same", "emulated")) == sorted(STEP_TYPES)
    assert sorted(names(rows, "type")) == sorted(types_of_the_sdk())


def types_of_the_sdk() -> list[str]:
    """The values of StepTypeEnum, read without importing the SDK, which takes seconds."""
    package = importlib.util.find_spec("sagemaker")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "mlops/workflow/steps.py"
    classes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]
    enum = next(node for node in classes if node.name == "StepTypeEnum")
    values = [node.value for node in enum.body if isinstance(node, ast.Assign)]
    return [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]


@pytest.mark.parametrize("kind", names(section(ROWS, "Definitions / Step types"), "type", "refused"))
def test_step_type_that_is_refused_is_refused_by_name(kind: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"Step type '{kind}' is not supported"):
        parse(steps.definition({"Name": "S", "Type": kind, "Arguments": {}}))


@pytest.mark.parametrize("step", STEP_TYPES)
def test_every_step_type_has_a_table_of_fields(step: str) -> None:
    assert section(ROWS, f"Steps and their fields / {step}")


FIRST = steps.processing("First")
REFUSED_DEFINITIONS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "`MlflowConfig`": ([FIRST], {"MlflowConfig": {"MlflowResourceArn": "a"}}, "MlflowConfig"),
    "`Trigger` on a step whose result is used or whose branch it is in; two outcomes of one step": (
        [FIRST, steps.processing("Next", arguments=steps.input_from("First"), DependsOn=[steps.after("First", "Any")])],
        {},
        "Trigger 'Any' of step 'First' and uses that step's result",
    ),
    "`DependsOn` a Fail step, cycles, unknown references, steps twice, nested conditions": (
        [steps.fail("Stop"), steps.processing("Next", DependsOn=["Stop"])],
        {},
        "can not depends on Stop",
    ),
    "`Get` of ForEach items": (
        [steps.fail("Stop", steps.get("ForEach.CurrentItem"))],
        {},
        "'ForEach.CurrentItem' belongs to a ForEach step",
    ),
}


def test_every_refusal_of_definitions_is_tried() -> None:
    rows = [row for row in section(ROWS, "Definitions") if row.cells["here"] == "refused"]

    assert {row.cells["what"] for row in rows} == set(REFUSED_DEFINITIONS)


@pytest.mark.parametrize("what", REFUSED_DEFINITIONS)
def test_definition_that_is_refused_is_refused_by_name(what: str) -> None:
    items, keys, message = REFUSED_DEFINITIONS[what]

    with pytest.raises(ValidationException, match=message):
        parse(steps.definition(*items, **keys))


def test_triggers_are_those_of_the_engine() -> None:
    (row,) = [row for row in section(ROWS, "Definitions") if row.cells["what"] == "`DependsOn` with `Trigger`"]

    assert row.cells["here"] == "emulated"
    assert row.spans("note")[:3] == [allowed.value for allowed in trigger.WRITTEN]


def test_caching_of_a_lambda_step_is_refused_by_name() -> None:
    assert names(section(ROWS, "Steps and their fields / Lambda"), "field", "refused") == ["CacheConfig"]

    with pytest.raises(UnsupportedFeature, match="caching of Lambda steps is not supported"):
        parse(steps.definition(steps.function(CacheConfig={"Enabled": True, "ExpireAfter": "P1D"})))


def test_conditions_are_those_of_the_engine() -> None:
    rows = section(ROWS, "Definitions / Conditions")

    assert sorted(names(rows, "type", "same", "emulated")) == sorted(conditions._PARSERS)


@pytest.mark.parametrize("kind", names(section(ROWS, "Definitions / Conditions"), "type", "refused"))
def test_condition_that_is_refused_is_refused_by_name(kind: str) -> None:
    with pytest.raises(ValidationException, match=f"Condition type '{kind}' is not known"):
        parse(steps.definition(steps.condition(conditions=[{"Type": kind, "LeftValue": 1, "RightValue": 1}])))


def test_execution_variables_are_those_of_the_engine() -> None:
    said = names(section(ROWS, "Definitions / Execution variables"), "variable")

    assert sorted(said) == sorted({*references.EXECUTION_VARIABLES, *JOB_VARIABLES})


def test_retry_policies_are_those_of_the_engine() -> None:
    said = names(section(ROWS, "Definitions / Retry policies"), "exception type")

    assert sorted(said) == sorted(fault.value for fault in Fault)


def test_cache_keys_are_those_of_the_engine() -> None:
    said = {row.spans("type")[0]: tuple(row.spans("key attributes")) for row in section(ROWS, "Definitions / Caching")}

    assert said == KEY_ATTRIBUTES


def test_members_that_a_start_refuses_are_those_of_the_api() -> None:
    said = names(section(ROWS, "Executions"), "what", "refused")

    assert sorted(said) == sorted(executions._UNSUPPORTED_AT_START)


@pytest.mark.parametrize(("answers", "is_supported"), [(("same", "emulated"), True), (("refused",), False)])
def test_statements_are_those_of_the_query_engine(answers: tuple[str, ...], is_supported: bool) -> None:
    kinds = {kind.name for kind in KINDS if kind.is_supported is is_supported and kind.name != "("}

    assert sorted(names(section(ROWS, "Athena SQL / Statements"), "statement", *answers)) == sorted(kinds)


def test_functions_are_those_of_the_query_engine() -> None:
    said = names(section(ROWS, "Athena SQL / Functions"), "functions")

    assert set(said) == {*FUNCTIONS, *lambdas.HIGHER_ORDER, *calls._SPECIAL, *GRAMMATICAL}


# What the page calls same or refused about SELECT, each with a query that has it.
ACCEPTED_SQL = {
    "join": "SELECT * FROM (VALUES 1) AS a (x) LEFT JOIN (VALUES 1) AS b (x) ON a.x = b.x",
    "subquery": "SELECT 1 WHERE 1 IN (SELECT 1)",
    "cte": "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "union": "SELECT 1 UNION SELECT 2",
    "intersect": "SELECT 1 INTERSECT SELECT 2",
    "except": "SELECT 1 EXCEPT SELECT 2",
    "unnest": "SELECT x FROM UNNEST(ARRAY[1, 2]) AS t (x)",
    "rollup": "SELECT x, count(*) FROM (VALUES 1) AS a (x) GROUP BY ROLLUP (x) HAVING count(*) > 0",
    "cube": "SELECT x FROM (VALUES 1) AS a (x) GROUP BY CUBE (x)",
    "grouping sets": "SELECT x FROM (VALUES 1) AS a (x) GROUP BY GROUPING SETS ((x), ())",
    "window": "SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES 1) AS a (x)",
    "case": "SELECT CASE WHEN 1 BETWEEN 0 AND 2 THEN TRY_CAST('1' AS integer) ELSE CAST(2.5 AS integer) END",
    "interval": "SELECT DATE '2026-01-31' + INTERVAL '1' DAY WHERE 'a' LIKE 'a%' AND EXISTS (SELECT 1)",
    "lambda": "SELECT transform(ARRAY[1], x -> x + 1)[1]",
}
REFUSED_SQL = {
    "WITH RECURSIVE": "WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT x FROM a",
    "TABLESAMPLE": "SELECT x FROM (VALUES 1) AS a (x) TABLESAMPLE BERNOULLI (10)",
    "MATCH_RECOGNIZE": "SELECT * FROM (VALUES 1) AS a (x) MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS x > 0)",
    "WINDOW": "SELECT sum(x) OVER w FROM (VALUES 1) AS a (x) WINDOW w AS (ORDER BY x)",
    "FETCH FIRST ... WITH TIES": "SELECT x FROM (VALUES 1) AS a (x) ORDER BY x FETCH FIRST 1 ROW WITH TIES",
    "joins in parentheses": "SELECT * FROM ((VALUES 1) AS a (x) CROSS JOIN (VALUES 1) AS b (y))",
}


def translated(root: Path, sql: str) -> str:
    store = Store.open(root / "state.sqlite3")
    try:
        return translate(sql, parse_sql(sql), Tables(store.catalog, None), datetime(2026, 1, 31, tzinfo=UTC)).sql
    finally:
        store.close()


@pytest.mark.parametrize("part", ACCEPTED_SQL)
def test_part_of_a_select_that_is_the_same_is_accepted(tmp_path: Path, part: str) -> None:
    assert translated(tmp_path, ACCEPTED_SQL[part])


@pytest.mark.parametrize("part", REFUSED_SQL)
def test_part_of_a_select_that_is_refused_is_refused_by_name(tmp_path: Path, part: str) -> None:
    assert any(part in row.cells["part of a SELECT"].replace("`", "") for row in section(ROWS, "Athena SQL"))

    with pytest.raises(QueryError, match="is not supported by the local endpoint") as caught:
        translated(tmp_path, REFUSED_SQL[part])

    assert caught.value.code == "NOT_SUPPORTED"
