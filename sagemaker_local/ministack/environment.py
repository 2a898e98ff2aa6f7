"""Which environment variables the endpoint has: MiniStack's settings, and nothing of the user's AWS account."""

from __future__ import annotations

from collections.abc import Mapping

from sagemaker_local.settings import HOST, PROCESS_MARK, Settings

# MiniStack reads dozens of variables; one that a user set for another purpose must not change this endpoint.
_PREFIXES_OF_THE_USER = (
    "AWS_", "MINISTACK_", "LOCALSTACK_", "LAMBDA_", "S3_", "SFTP_", "IOT_", "SFN_", "CLOUDTRAIL_", "MWAA_", "RDS_",
    "DSQL_", "ECS_", "EKS_", "EC2_", "OPENSEARCH_", "ELASTICACHE_", "DOCDB_", "APPSYNC_", "COGNITO_", "CODEBUILD_",
)  # fmt: skip
_NAMES_OF_THE_USER = frozenset({
    "AUTH", "SERVICES", "USE_SSL", "GATEWAY_PORT", "EDGE_PORT", "BIND_HOST", "DOCKER_HOST", "DOCKER_NETWORK",
    "PERSIST_STATE", "STATE_DIR", "ATHENA_ENGINE", "GLUE_DOCKER_IMAGE", "LOG_LEVEL", "TMPDIR",
})  # fmt: skip

# What a process needs to run at all; everything else of the endpoint's environment stays with the endpoint.
_NEUTRAL = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME", "SYSTEMROOT"})

# No file of the user's and no metadata service may supply credentials to a process that the endpoint starts.
NO_CREDENTIALS_OF_THE_USER: Mapping[str, str] = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def is_of_the_user(name: str) -> bool:
    """Whether a variable would bring in the user's AWS account, or a setting meant for another MiniStack."""
    return name in _NAMES_OF_THE_USER or name.startswith(_PREFIXES_OF_THE_USER)


def settings_of_ministack(settings: Settings) -> dict[str, str]:
    """Give everything that MiniStack reads from the environment when it is imported."""
    return {
        **NO_CREDENTIALS_OF_THE_USER,
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": settings.account_id,
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.ministack_path),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.s3_path),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(settings.scratch_path),
    }


def of_a_lambda_worker(given: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Take out of a worker's environment what it only inherited.

    Args:
        given: what MiniStack would start the worker with: the endpoint's environment and the function's variables.
        own: the endpoint's environment; its TMPDIR is what the worker is marked with.
    """
    kept = {name: value for name, value in given.items() if name in _NEUTRAL or own.get(name) != value}
    mark = {PROCESS_MARK: own["TMPDIR"]} if "TMPDIR" in own else {}
    return {**NO_CREDENTIALS_OF_THE_USER, **kept, **mark}
