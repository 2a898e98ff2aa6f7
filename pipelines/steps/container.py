"""What AWS's XGBoost container needs to be told: settings of its installer and of its server, as variables."""

from __future__ import annotations

from pipelines.config import PipelineConfig

_REPOSITORY = "sagemaker-xgboost"

INSTALLER = {"PIP_NO_BUILD_ISOLATION": "0"}
"""Script mode runs `pip install .` on our code when a job starts and when a model starts to serve. By default pip
downloads a build tool for that from the internet, each time; this makes it take the container's own, so that neither a
release of that tool nor a network without internet stops a run. pip reads the value of this variable the wrong way
round: "0" is what turns the download off."""


def serving(config: PipelineConfig, program: str) -> dict[str, str]:
    """Return the variables that make the container serve `program`, which lies in the model archive's folder `code`."""
    return {
        "SAGEMAKER_PROGRAM": program,
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        # The container's server gives up after 60 seconds unless told otherwise, however long the job would wait.
        "SAGEMAKER_MODEL_SERVER_TIMEOUT": str(config.transform.invocation_timeout_seconds),
        # What a caller gets who names no format; the container's own default is JSON, which the script refuses.
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "*/*",
        **INSTALLER,
    }


def has_own_metrics(image_uri: str) -> bool:
    """Say whether the service knows the image's metrics: it refuses MetricDefinitions with AWS's XGBoost image.

    It does so in script mode, too, and finds `validation:auc` and the like in XGBoost's own lines of each round.
    """
    return image_uri.partition("@")[0].rpartition("/")[2].partition(":")[0] == _REPOSITORY
