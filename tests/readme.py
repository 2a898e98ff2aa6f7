"""The README's shell commands, as a reader would type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

_README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(python (?:pipeline|execute_pipeline)\.py [^`]+)`")


def commands(heading: str | None = None) -> list[list[str]]:
    """Split every command of the bash blocks into words, in order; of one section when a heading is given."""
    lines = [line for block in _BLOCK.findall(_section(heading)) for line in block.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [command for command in words if command]


def sql_examples() -> list[str]:
    """Every SQL block, in order."""
    return re.findall(r"^```sql\n(.*?)^```", _section(None), re.MULTILINE | re.DOTALL)


def inline_commands() -> list[list[str]]:
    """Split the commands of the doors that stand in the running text."""
    return [shlex.split(text) for text in _INLINE.findall(_section(None))]


def _section(heading: str | None) -> str:
    text = _README.read_text(encoding="utf-8")
    if heading is None:
        return text
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"the README has no section {heading!r}"
    return rest.partition("\n## ")[0]
