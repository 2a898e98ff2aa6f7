"""Plain boto3 against what lies around SageMaker: S3, STS, IAM, SNS, SQS and Lambda, all behind the one address."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import pytest

from tests.acceptance.conftest import Endpoint

BUCKET = "boto3-services"
ROLE = "boto3-role"


@pytest.fixture(scope="module")
def s3(endpoint: Endpoint) -> Any:
    client = endpoint.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return client


@pytest.fixture(scope="module")
def role(endpoint: Endpoint) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    created = endpoint.client("iam").create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    return str(created["Role"]["Arn"])


def fetch(url: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, data=body, method="PUT" if body else "GET")  # noqa: S310  # our own address
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return bytes(response.read())


def test_s3_objects_are_put_listed_copied_and_deleted(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a/one.txt", Body=b"1", Metadata={"by": "test"}, ContentType="text/plain")
    s3.copy_object(Bucket=BUCKET, Key="a/two.txt", CopySource={"Bucket": BUCKET, "Key": "a/one.txt"})
    s3.put_object(Bucket=BUCKET, Key="b/three.txt", Body=b"3")

    listed = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    head = s3.head_object(Bucket=BUCKET, Key="a/two.txt")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a/one.txt"}, {"Key": "b/three.txt"}]})

    assert [entry["Prefix"] for entry in listed["CommonPrefixes"]] == ["a/", "b/"]
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"by": "test"})
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a/two.txt"]


def test_s3_upload_in_parts_reads_back_whole_and_in_ranges(s3: Any) -> None:
    body = bytes(range(256)) * (9 << 12)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large.bin")

    read = io.BytesIO()
    s3.download_fileobj(BUCKET, "large.bin", read)
    part = s3.get_object(Bucket=BUCKET, Key="large.bin", Range="bytes=256-259")

    assert read.getvalue() == body
    assert part["Body"].read() == b"\x00\x01\x02\x03"
    assert part["ContentRange"] == f"bytes 256-259/{len(body)}"


def test_s3_paginator_walks_all_pages(s3: Any) -> None:
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"paged/{number}", Body=b"x")

    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="paged/", PaginationConfig={"PageSize": 2}
    )

    assert [entry["Key"] for page in pages for entry in page["Contents"]] == [f"paged/{n}" for n in range(5)]


def test_s3_missing_key_and_bucket_are_told_apart(s3: Any) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey, match="NoSuchKey"):
        s3.get_object(Bucket=BUCKET, Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket, match="NoSuchBucket"):
        s3.put_object(Bucket="no-such-bucket-here", Key="x", Body=b"")


def test_a_presigned_address_reads_and_writes_without_a_client(s3: Any) -> None:
    put = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "signed.txt"}, ExpiresIn=60)
    get = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed.txt"}, ExpiresIn=60)

    fetch(put, b"signed")

    assert fetch(get) == b"signed"


def test_a_browser_of_another_page_gets_nothing(endpoint: Endpoint, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="private.txt", Body=b"private")
    address = f"{endpoint.running.url}/{BUCKET}/private.txt"
    request = urllib.request.Request(address, headers={"Origin": "https://example.com"})  # noqa: S310  # our own address

    with pytest.raises(urllib.error.HTTPError, match="403") as caught:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310

    caught.value.close()


def test_sts_says_whose_account_it_is(endpoint: Endpoint) -> None:
    assert endpoint.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_sts_gives_credentials_of_a_role(endpoint: Endpoint, role: str) -> None:
    assumed = endpoint.client("sts").assume_role(RoleArn=role, RoleSessionName="acceptance")

    assert assumed["AssumedRoleUser"]["Arn"].endswith(f"assumed-role/{ROLE}/acceptance")
    assert {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} <= assumed["Credentials"].keys()


def test_iam_keeps_a_role_and_its_policies(endpoint: Endpoint, role: str) -> None:
    iam = endpoint.client("iam")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    iam.put_role_policy(RoleName=ROLE, PolicyName="read", PolicyDocument=json.dumps(policy))

    assert iam.get_role(RoleName=ROLE)["Role"]["Arn"] == role
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == ["read"]
    assert iam.get_role_policy(RoleName=ROLE, PolicyName="read")["PolicyDocument"] == policy
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="nobody"):
        iam.get_role(RoleName="nobody")


def test_sns_delivers_to_a_queue(endpoint: Endpoint) -> None:
    sns, sqs = endpoint.client("sns"), endpoint.client("sqs")
    topic = sns.create_topic(Name="boto3-topic")["TopicArn"]
    queue = sqs.create_queue(QueueName="boto3-queue")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})

    sns.publish(TopicArn=topic, Subject="failed", Message="the pipeline failed")

    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert [message["Body"] for message in messages] == ["the pipeline failed"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]["ReceiptHandle"])


def test_lambda_runs_a_function_and_reports_its_error(endpoint: Endpoint, role: str) -> None:
    lambdas = endpoint.client("lambda")
    code = "def handler(event, context):\n    return {'twice': 2 * event['number']}\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("twice.py", code)
    lambdas.create_function(
        FunctionName="boto3-twice",
        Runtime="python3.12",
        Role=role,
        Handler="twice.handler",
        Code={"ZipFile": packed.getvalue()},
    )

    good = lambdas.invoke(FunctionName="boto3-twice", Payload=json.dumps({"number": 4}))
    bad = lambdas.invoke(FunctionName="boto3-twice", Payload=json.dumps({}))

    assert json.loads(good["Payload"].read()) == {"twice": 8}
    assert bad["FunctionError"] in {"Handled", "Unhandled"}
    assert json.loads(bad["Payload"].read())["errorType"] == "KeyError"
