"""The files that belong to the repository: tracked, or new and not ignored."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

from tests.fakes.markdown import ROOT

_MADE_HERE = re.compile(r"/\.(?!ci/|gitignore$)|__pycache__/")


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Paths below the repository's root; files that were deleted and not yet committed are left out."""
    if not (ROOT / ".git").exists():
        # An exported copy: everything but what is made here.
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return tuple(sorted(path for path in found if not _MADE_HERE.search(f"/{path}")))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(Path(name) for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())


@functools.cache
def text_of(path: Path) -> str | None:
    """The content of a tracked file; None when it is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
