"""`--local`: start the endpoint on demand and make sure that nothing can reach a real account."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cli.errors import CommandError
from sagemaker_local.cli.endpoint import RunningEndpoint, ensure_up
from sagemaker_local.settings import HOST, Settings

if TYPE_CHECKING:
    from pipelines.config import PipelineConfig


def connect(config: PipelineConfig) -> Any:
    """Start the endpoint if it is down, point this whole process at it, and give a session that refuses all else.

    The bucket of the configuration, its topic and the topic's e-mail subscription are made when missing: on AWS the
    infrastructure does that.
    """
    endpoint = ensure_up(Settings.resolve(region=config.region))
    replace_environment(endpoint)
    # Imported after the environment is replaced: boto3 and the SDK read it when they are imported.
    import boto3

    session = boto3.Session(region_name=endpoint.region)
    session.events.register("before-send", _refuse_foreign_address)
    _make_bucket(session, config.bucket)
    make_topic(session, config.sns_topic_arn, config.notification_email)
    return session


def replace_environment(endpoint: RunningEndpoint) -> None:
    """Replace credentials, profile and endpoint of this process, and so of every process that it starts."""
    for name in endpoint.removed_names(os.environ):
        del os.environ[name]
    os.environ.update(endpoint.environment())


def _refuse_foreign_address(request: Any, **_: Any) -> None:
    """Stop a request that would leave this machine, whatever built it."""
    host = urlsplit(request.url).hostname or ""
    if host != HOST and not host.endswith(".localhost"):
        raise CommandError(
            f"--local refused a request to {host!r}: only {HOST} is allowed. This is a fault of the project; "
            "please report it with the command that you ran."
        )


def _make_bucket(session: Any, bucket: str) -> None:
    s3 = session.client("s3")
    if bucket not in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}:
        location = {"LocationConstraint": session.region_name} if session.region_name != "us-east-1" else None
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": location} if location else {}))


def make_topic(session: Any, topic_arn: str | None, email: str | None) -> None:
    """Make a topic and its e-mail subscription; what is there stays as it is."""
    if topic_arn is None:
        return
    region, name = topic_arn.split(":")[3], topic_arn.rpartition(":")[2]
    sns = session.client("sns", region_name=region)
    fifo = {"Attributes": {"FifoTopic": "true"}} if name.endswith(".fifo") else {}
    sns.create_topic(Name=name, **fifo)
    if email is not None:
        sns.subscribe(TopicArn=topic_arn, Protocol="email", Endpoint=email)
