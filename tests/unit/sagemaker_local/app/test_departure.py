"""A process with a part that never ends is left all the same."""

from __future__ import annotations

import subprocess
import sys

_HANGING = """
import threading
from sagemaker_local.app.departure import leave_within
threading.Thread(target=threading.Event().wait).start()
leave_within(0.1)
"""


def test_process_that_does_not_end_is_left_by_force() -> None:
    done = subprocess.run([sys.executable, "-c", _HANGING], timeout=20, check=False)

    assert done.returncode == 0
