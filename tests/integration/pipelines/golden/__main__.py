"""Writes the golden files anew."""

from pathlib import Path

from pipelines.config import load
from tests.integration.pipelines.golden import FILES, FOLDER, build, normalised

CONFIG = Path(__file__).parents[4] / "configs" / "pipeline_config.yaml"

if __name__ == "__main__":
    config = load([CONFIG]).with_account_id("123456789012")
    for file in FILES:
        (FOLDER / file).write_text(normalised(build(file, config)), encoding="utf-8")
