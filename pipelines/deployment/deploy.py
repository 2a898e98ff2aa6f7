"""Bring a built pipeline to AWS: bucket, files, functions, definition, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import boto3

from pipelines.built import BuiltPipeline
from pipelines.deployment.files import Uploads, require_bucket, upload_missing
from pipelines.deployment.functions import Change, deploy_function
from pipelines.deployment.refusals import translated
from pipelines.errors import WrongRegion


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment did."""

    pipeline_arn: str
    uploads: Uploads
    functions: dict[str, Change]
    """By function name."""


def deploy(
    built: BuiltPipeline, session: boto3.Session, *, report: Callable[[str], None] = lambda _line: None
) -> Deployed:
    """Create the pipeline or bring it up to date, with everything that it refers to.

    Nothing refers to anything that is not there yet: files and functions come before the definition. Deploying the
    same pipeline again changes nothing.

    Args:
        built: by `pipelines.catalog.build`.
        session: whose endpoint and credentials are used; its region is the configuration's.
        report: is given one line for each thing that is done.

    Raises:
        PlaceholderAccount: the configuration names no account.
        WrongRegion: the session works elsewhere.
        NoSuchBucket, FunctionNotReady, RequestRefused: with what to do next.
    """
    config = built.config.require_account()
    if session.region_name != config.region:
        raise WrongRegion(
            f"The AWS session works in {session.region_name!r}; the configuration's region is {config.region!r}. "
            "Make the session with that region."
        )
    with translated("look into the bucket and upload files"):
        storage = session.client("s3", region_name=config.region)
        require_bucket(storage, config)
        uploads = upload_missing(storage, built.artifacts)
    report(f"files: {uploads.new} uploaded, {uploads.present} already there")

    functions = {}
    for function in built.functions:
        with translated(f"deploy the Lambda function {function.name!r}"):
            functions[function.name] = deploy_function(session.client("lambda", region_name=config.region), function)
        report(f"function {function.name}: {functions[function.name].value}")

    # Imports the SageMaker SDK, which takes seconds; whoever only asks for help must not wait for it.
    from pipelines.deployment.pipeline import upsert

    with translated(f"create or update the pipeline {built.name!r}"):
        arn = upsert(built, session)
    report(f"pipeline {built.name}: up to date")
    return Deployed(pipeline_arn=arn, uploads=uploads, functions=functions)
