"""A training job's script: no model worth the name, but every contract of the container."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path


def main() -> None:
    """Print a metric for each round and save what was received."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    for number in range(1, options.rounds + 1):
        print(f"validation-auc:{0.5 + number / 10:.2f}")
    channel = Path(os.environ["SM_CHANNEL_TRAIN"])
    received = {"rounds": options.rounds, "files": sorted(path.name for path in channel.rglob("*") if path.is_file())}
    (Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text(json.dumps(received))


if __name__ == "__main__":
    main()
