"""The definition that `configs/pipeline_config.yaml` gives, for comparison.

After a change that is meant, write it anew and read the difference:

    .venv/bin/python -m tests.integration.pipelines.golden && git diff tests/integration/pipelines/golden
"""

import json
import re
from pathlib import Path

from pipelines.built import BuiltPipeline

FILE = Path(__file__).with_name("end_to_end.json")

_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def normalised(built: BuiltPipeline) -> str:
    """Return a definition for comparing: indented, without the hashes that any edit of a script changes."""
    return _HASH.sub("<sha256>", json.dumps(json.loads(built.definition()), indent=1)) + "\n"
