"""Asking for help must not wait for the SageMaker SDK."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]


def test_importing_catalog_config_and_deployment_does_not_import_the_sdk() -> None:
    program = (
        "import sys; import pipelines.catalog, pipelines.config, pipelines.deployment, pipelines.errors; "
        "print(pipelines.catalog.names(), *[name for name in sys.modules if name.split('.')[0] == 'sagemaker'])"
    )

    output = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert output.stdout == (
        "('feature-ingestion', 'training', 'batch-inference', 'upload-inference', 'evaluation', 'end-to-end')\n"
    )
