"""A person's terminal: the doors in a folder of its own, with settings that lead to somebody's real account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import readme
from tests.acceptance.conftest import PROJECT, Endpoint, free_port, start, stop

_SECTION = "The command line"
_NEEDED = ("cli", "configs", "pipelines", "sagemaker_local", "scripts", "pipeline.py", "execute_pipeline.py")
_REAL_ACCOUNT = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_DEFAULT_REGION": "eu-central-1",
}


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed; the endpoint is started by the first one that needs it."""

    folder: Path
    root: Path
    port: int

    @classmethod
    def open(cls, folder: Path) -> Terminal:
        """Make a folder that looks like the checkout, so that files a command writes do not land in ours."""
        for name in _NEEDED:
            (folder / name).symlink_to(PROJECT / name)
        return cls(folder, folder / "endpoint", free_port())

    def run(self, words: Sequence[str], answer: str = "", timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Type a command; `python` is this environment's."""
        program = sys.executable if words[0] == "python" else words[0]
        return subprocess.run(
            [program, *words[1:]],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "SAGEMAKER_LOCAL_ROOT": str(self.root),
                "SAGEMAKER_LOCAL_PORT": str(self.port),
                **_REAL_ACCOUNT,
            },
            input=answer,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def output(self, words: Sequence[str], answer: str = "") -> str:
        """Type a command that must succeed and give what it prints."""
        done = self.run(words, answer)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def readme(self, name: str, answer: str = "") -> str:
        """Type the README's command of that name as it stands there."""
        return self.output(readme_command(name), answer)

    def endpoint(self) -> Endpoint:
        """The endpoint that the commands work with."""
        return start(self.root, self.port)

    def close(self) -> None:
        """Stop the endpoint."""
        stop(self.endpoint())


def readme_command(name: str) -> list[str]:
    """Find the README's example of a command of pipeline.py, or of execute_pipeline.py itself."""
    for words in readme.commands(_SECTION):
        if name in words[1:3]:
            return words
    raise AssertionError(f"the README's section {_SECTION!r} has no example of {name!r}")
