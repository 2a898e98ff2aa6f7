"""The one configuration of a use case: every key, its type, its default and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config.aws_names import (
    ACCOUNT_PLACEHOLDER,
    BucketName,
    EmailAddress,
    FeatureGroupName,
    ImageUri,
    InstanceType,
    KeyPrefix,
    ModelPackageGroupName,
    PipelineName,
    ProjectName,
    Region,
    RoleArn,
    S3Uri,
    TableName,
    TopicArn,
)
from pipelines.config.caching import Caching
from pipelines.config.dataset import Dataset
from pipelines.config.feature_store import FeatureStore
from pipelines.config.functions import Functions
from pipelines.config.gate import Gate
from pipelines.config.ingestion import Ingestion
from pipelines.config.metric import check_family
from pipelines.config.processing import Processing
from pipelines.config.publish import Publish
from pipelines.config.registration import ApprovalStatus, Registration
from pipelines.config.retries import Retries
from pipelines.config.roles import Roles
from pipelines.config.section import Section
from pipelines.config.training import Training, check_range
from pipelines.config.transform import PRODUCT_LIMIT_MB, Transform
from pipelines.config.upload import Upload
from pipelines.errors import PlaceholderAccount

_METADATA = re.compile(r"[\w .:/=+@-]{1,256}")
"""What CreateModelPackage takes as a value of customer metadata; Register keeps the input's address there."""
_ARN_ACCOUNT = re.compile(rf"(arn:[^:]+:[^:]+:[^:]*:)(\d{{12}}|{ACCOUNT_PLACEHOLDER})(:)")


class PipelineConfig(Section):
    """Everything that a use case may decide; frozen, so that one build sees one configuration."""

    # Where it lives
    project_name: ProjectName
    """Begins the names of pipelines and functions."""
    region: Region
    bucket: BucketName
    prefix: KeyPrefix
    """Everything that the project writes lies below s3://<bucket>/<prefix>/."""
    pipeline_name: PipelineName | None = None
    """Name of the batch inference pipeline; left out: <project_name>-batch-inference."""
    model_package_group: ModelPackageGroupName
    role_arn: RoleArn
    """The role that pipelines and jobs run with, unless `roles` names another one."""
    processing_instance_type: InstanceType = "ml.m5.xlarge"
    image_uri: ImageUri | None = None
    """Left out: AWS's own XGBoost 3.2-0 image of the region."""

    # What comes in
    data_source: Literal["feature_store", "s3"] = "feature_store"
    """feature_store: the feature group's offline store, through Athena; s3: the files of input_data_uri."""
    input_data_uri: S3Uri | None = None
    """CSV or Parquet files below this address; left out: s3://<bucket>/<prefix>/data/input/."""
    feature_group_name: FeatureGroupName | None = None
    """Left out: <project_name>-features; the pipeline feature-ingestion makes it when it is missing."""
    customer_id_start: int | None = Field(default=4000, ge=0)
    """Number of the first customer to score, inclusive; null: no bound."""
    customer_id_end: int | None = Field(default=5000, ge=0)
    """Number of the last customer to score, inclusive; null: no bound."""
    dataset: Dataset = Dataset()

    # What goes out
    athena_query_results: S3Uri | None = None
    """Where Athena writes results; left out: s3://<bucket>/<prefix>/athena_query_results/."""
    athena_database: TableName = "ml_metrics"
    athena_output_table: TableName = "mlops_poc_daily_inference"
    sns_topic_arn: TopicArn | None = None
    notification_email: EmailAddress | None = None
    model_approval_status: ApprovalStatus = "Approved"
    """The newest version with this status scores; the status of new versions is registration.approval_status."""

    # How each step works
    feature_store: FeatureStore = FeatureStore()
    ingestion: Ingestion = Ingestion()
    processing: Processing = Processing()
    training: Training = Training()
    gate: Gate = Gate()
    registration: Registration = Registration()
    transform: Transform = Transform()
    publish: Publish = Publish()
    upload: Upload = Upload()
    functions: Functions = Functions()
    roles: Roles = Roles()
    caching: Caching = Caching()
    retries: Retries = Retries()

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_range(self.customer_id_start, self.customer_id_end)
        self._check_ranges_have_numbers()
        self._check_input_can_be_kept()
        self._check_upload()
        if self.data_source == "feature_store":
            self.dataset.check_features()
        unknown = sorted(self.ingestion.ranges.keys() - set(self.dataset.numeric_features))
        if unknown:
            raise ValueError(
                f"ingestion.ranges names {', '.join(map(repr, unknown))}; allowed: the features of "
                "dataset.numeric_features"
            )
        for key, metric in self._metrics():
            check_family(key, metric, self.dataset.problem_type)
        return self

    def _metrics(self) -> Iterator[tuple[str, str]]:
        yield "gate.metric", self.gate.metric
        policy = self.registration.approval_policy
        for index, rule in enumerate(policy.rules if policy is not None else ()):
            yield f"registration.approval_policy.rules.{index}.metric", rule.metric

    def _check_input_can_be_kept(self) -> None:
        if _METADATA.fullmatch(self.input_uri) is None:
            raise ValueError(
                f"the input's address {self.input_uri!r} cannot be kept with a model (input_data_uri, or bucket and "
                "prefix); allowed: at most 256 letters, digits and _.:/=+-@"
            )

    def _check_upload(self) -> None:
        product = self.upload_payload_mb * self.transform.max_concurrent_transforms
        if product > PRODUCT_LIMIT_MB:
            raise ValueError(
                f"upload.max_payload_mb {self.upload_payload_mb} times transform.max_concurrent_transforms "
                f"{self.transform.max_concurrent_transforms} is {product}; allowed: a product of at most "
                f"{PRODUCT_LIMIT_MB}"
            )
        if self.upload_table == self.athena_output_table and self.publish.mode != "append":
            raise ValueError(
                f"upload.table {self.upload_table!r} is athena_output_table, too, whose partitions are whole days "
                "(publish.mode); allowed: another table, or publish.mode: append"
            )

    def _check_ranges_have_numbers(self) -> None:
        bounds = {
            "customer_id_start": self.customer_id_start,
            "customer_id_end": self.customer_id_end,
            "training.customer_id_start": self.training.customer_id_start,
            "training.customer_id_end": self.training.customer_id_end,
        }
        given = [key for key, bound in bounds.items() if bound is not None]
        if self.dataset.id_format is None and given:
            raise ValueError(
                f"dataset.id_format is null, so ids have no numbers, and {', '.join(given)} cannot be met; allowed: "
                "null for all four bounds, or an id_format"
            )

    @property
    def root_uri(self) -> str:
        """The address below which the project writes everything, without a slash at its end."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def input_uri(self) -> str:
        """Where the input lies."""
        return self.input_data_uri or f"{self.root_uri}/data/input/"

    @property
    def labels_uri(self) -> str:
        """Where labels lie that come after the predictions, unless an execution names another place."""
        return f"{self.root_uri}/data/labels/"

    @property
    def feature_group(self) -> str:
        """Name of the feature group."""
        return self.feature_group_name or f"{self.project_name}-features"

    @property
    def query_results_uri(self) -> str:
        """Where Athena writes results."""
        return self.athena_query_results or f"{self.root_uri}/athena_query_results/"

    @property
    def upload_input_uri(self) -> str:
        """Where a file is put to be scored."""
        return f"{self.root_uri}/{self.upload.input_prefix}/"

    @property
    def upload_payload_mb(self) -> int:
        """Largest request with lines of an uploaded file."""
        return self.upload.max_payload_mb or min(6, PRODUCT_LIMIT_MB // self.transform.max_concurrent_transforms)

    @property
    def upload_table(self) -> str:
        """The table of the predictions for uploaded files."""
        return self.upload.table or f"{self.athena_output_table}_uploads"

    @property
    def function_role_arn(self) -> str:
        """The role of the Lambda functions."""
        return self.functions.role_arn or self.role_arn

    @property
    def account_id(self) -> str:
        """The account that role_arn names; the placeholder when it names none."""
        return self.role_arn.split(":")[4]

    @property
    def partition(self) -> str:
        """The AWS partition that role_arn names: aws, aws-cn, aws-us-gov."""
        return self.role_arn.split(":")[1]

    def role_of(self, pipeline: str) -> str:
        """Return the role of a pipeline of the catalog, such as batch-inference."""
        role: str | None = getattr(self.roles, pipeline.replace("-", "_"))
        return role or self.role_arn

    def function_arn(self, name: str) -> str:
        """Return the ARN that the Lambda function `name` has in this region and account."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account_id}:function:{name}"

    def with_account_id(self, account_id: str) -> PipelineConfig:
        """Return this configuration with every ARN in that account.

        For the local endpoint, whose one account owns everything: nothing may point at a real account.
        """
        return type(self).model_validate_json(_ARN_ACCOUNT.sub(rf"\g<1>{account_id}\g<3>", self.model_dump_json()))

    def require_account(self) -> PipelineConfig:
        """Return this configuration, once it is sure that no ARN has a placeholder for its account.

        Raises:
            PlaceholderAccount: with the keys to change.
        """
        arns = {
            "role_arn": self.role_arn,
            "functions.role_arn": self.functions.role_arn,
            **{f"roles.{name}": role for name, role in self.roles},
            "sns_topic_arn": self.sns_topic_arn,
        }
        found = [f"{key}: {arn!r}" for key, arn in arns.items() if arn is not None and ACCOUNT_PLACEHOLDER in arn]
        if found:
            raise PlaceholderAccount(
                f"{ACCOUNT_PLACEHOLDER} stands where AWS needs an account ({'; '.join(found)}); allowed: the 12 digits "
                "that `aws sts get-caller-identity` shows. Put them into the configuration, or add --local to run on "
                "this machine without an account."
            )
        return self
