"""The feature group that holds a data set: what it must look like, how it is made, and when it is ready."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError
from dataset_schema import GroupRefused, Kind, Schema, quoted, say
from feature_query import OfflineTable

POLL_SECONDS = 0.2
LONGEST_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """A feature group as DescribeFeatureGroup shows it."""

    name: str
    types: Mapping[str, str]
    """Feature name to Integral, Fractional or String."""
    id_column: str
    event_time_column: str
    has_online_store: bool
    table: OfflineTable | None
    """None: it has no offline store, or no table for it."""
    blocked_reason: str | None
    """Why the offline store takes nothing at the moment."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Read an answer of DescribeFeatureGroup."""
        types = {item["FeatureName"]: item["FeatureType"] for item in answer["FeatureDefinitions"]}
        id_column, time_column = answer["RecordIdentifierFeatureName"], answer["EventTimeFeatureName"]
        catalog = answer.get("OfflineStoreConfig", {}).get("DataCatalogConfig")
        status = answer.get("OfflineStoreStatus", {})
        return cls(
            name=answer["FeatureGroupName"],
            types=types,
            id_column=id_column,
            event_time_column=time_column,
            has_online_store=bool(answer.get("OnlineStoreConfig", {}).get("EnableOnlineStore")),
            table=None
            if catalog is None
            else OfflineTable(
                database=catalog["Database"],
                name=catalog["TableName"],
                id_column=id_column,
                event_time_column=time_column,
                has_text_times=types[time_column] == "String",
            ),
            blocked_reason=status.get("BlockedReason", "no reason given")
            if status.get("Status") == "Blocked"
            else None,
        )

    def check(self, schema: Schema) -> None:
        """Refuse a group whose features are not those of the schema.

        Raises:
            GroupRefused: with the features that differ.
        """
        roles = (self.id_column, self.event_time_column)
        if roles != (schema.id_column, schema.event_time_column):
            raise GroupRefused(
                f"Feature group {self.name!r} has the identifier {roles[0]!r} and the event time {roles[1]!r}; the "
                f"configuration has {schema.id_column!r} and {schema.event_time_column!r}: name another group or "
                "change the dataset's columns."
            )
        missing = [name for name in schema.columns if name not in self.types]
        if missing:
            raise GroupRefused(
                f"Feature group {self.name!r} lacks the features [{quoted(missing, limit=20)}]: add them with "
                "UpdateFeatureGroup, or take them out of the configuration."
            )

    def offline_table(self) -> OfflineTable:
        """Return the table of the offline store.

        Raises:
            GroupRefused: there is none.
        """
        if self.table is None:
            raise GroupRefused(
                f"Feature group {self.name!r} has no offline store with a table: Athena cannot read it. Name one that "
                "was created with OfflineStoreConfig."
            )
        return self.table


def feature_types(schema: Schema) -> dict[str, str]:
    """Return the features that hold a schema's columns, with their types, in the columns' order."""
    kinds = {item.name: "Fractional" if item.kind is Kind.NUMERIC else "String" for item in schema.features}
    if schema.classes is None:
        kinds[schema.target] = "Fractional"
    else:
        are_numbers = all(name.removeprefix("-").isdecimal() and name.isascii() for name in schema.classes)
        kinds[schema.target] = "Integral" if are_numbers else "String"
    return {name: kinds.get(name, "String") for name in schema.columns}


def ensure(
    client: Any, name: str, schema: Schema, *, store: str, role_arn: str, description: str, wait_seconds: float
) -> FeatureGroup:
    """Create the group when it is missing, wait until it is ready, and check it.

    Args:
        client: of SageMaker.
        name: of the group.
        schema: what the group must hold.
        store: S3 address below which the offline store lies.
        role_arn: the role that writes the offline store.
        description: for people.
        wait_seconds: how long the creation may take.
    """
    if describe(client, name) is None:
        say(f"Feature group {name!r} does not exist: it is created now.")
        _create(client, name, schema, store=store, role_arn=role_arn, description=description)
    group = wait_until_created(client, name, wait_seconds)
    group.check(schema)
    return group


def describe(client: Any, name: str) -> Mapping[str, Any] | None:
    """Describe a group; None: there is none."""
    try:
        answer: Mapping[str, Any] = client.describe_feature_group(FeatureGroupName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ResourceNotFound", "ResourceNotFoundException"}:
            return None
        raise
    return answer


def wait_until_created(
    client: Any, name: str, wait_seconds: float, sleep: Callable[[float], None] = time.sleep
) -> FeatureGroup:
    """Wait while a group is being created.

    Raises:
        GroupRefused: there is none, its creation failed or takes too long, or it is being deleted.
    """
    deadline, pause = time.monotonic() + wait_seconds, POLL_SECONDS
    while True:
        answer = describe(client, name)
        if answer is None:
            raise GroupRefused(
                f"Feature group {name!r} does not exist: run `python execute_pipeline.py feature-ingestion` first, or "
                "set feature_group_name."
            )
        status = answer["FeatureGroupStatus"]
        if status == "Created":
            return FeatureGroup.of(answer)
        if status != "Creating" or time.monotonic() >= deadline:
            reason = answer.get("FailureReason", f"it is not Created after {wait_seconds:g} s")
            raise GroupRefused(
                f"Feature group {name!r} is {status}, Created is needed: {reason}. Mend that, delete the group if its "
                "creation failed, and run this again."
            )
        sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def _create(client: Any, name: str, schema: Schema, *, store: str, role_arn: str, description: str) -> None:
    try:
        client.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName=schema.id_column,
            EventTimeFeatureName=schema.event_time_column,
            FeatureDefinitions=[
                {"FeatureName": feature, "FeatureType": kind} for feature, kind in feature_types(schema).items()
            ],
            OnlineStoreConfig={"EnableOnlineStore": True},
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": store}},
            RoleArn=role_arn,
            Description=description[:128],
        )
    except ClientError as error:
        # Another ingestion was faster: its group is as good.
        if error.response["Error"]["Code"] != "ResourceInUse":
            raise
