"""Writes the golden file anew."""

from pathlib import Path

from pipelines import catalog
from pipelines.config import load
from tests.integration.pipelines.golden import FILE, normalised

CONFIG = Path(__file__).parents[4] / "configs" / "pipeline_config.yaml"

if __name__ == "__main__":
    FILE.write_text(
        normalised(catalog.build("end-to-end", load([CONFIG]).with_account_id("123456789012"))), encoding="utf-8"
    )
