"""Rules that the source of `pipelines/` keeps."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "pipelines"
FILES = sorted(SOURCE.rglob("*.py"))
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return attributes | imported


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_source_reads_no_environment_variable(path: Path) -> None:
    """Only offline.py touches the environment, and only in order to hide it from the SDK and put it back."""
    if path.name == "offline.py":
        return

    assert not names_in(path) & ENVIRONMENT


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_source_takes_the_sdk_from_one_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    from_sdk = {name for name in imported if name.split(".")[0] == "sagemaker"}

    assert not from_sdk or path.name == "sdk.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_source_asks_no_clock_and_no_chance(path: Path) -> None:
    """A definition must not depend on when it was built; deploying may sleep."""
    assert not names_in(path) & {"now", "utcnow", "uuid4", "uuid1", "token_hex", "random"}
