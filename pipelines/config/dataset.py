"""Which columns the data has: id, time, target, features. The default is the churn data set."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from pipelines.config.aws_names import Several, TableName
from pipelines.config.section import Section


def _check_label(value: Any) -> Any:
    if not isinstance(value, int | str) or value == "":
        raise ValueError("allowed: a whole number or a text")
    return value


ProblemType = Literal["binary_classification", "regression"]
Label = Annotated[Any, AfterValidator(_check_label)]
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Several]

_CHURN_NUMERIC = (
    "age",
    "tenure_months",
    "monthly_charges",
    "total_charges",
    "data_usage_gb",
    "call_minutes",
    "support_tickets",
    "late_payments",
    "days_since_last_login",
    "satisfaction_score",
    "products",
    "discount_percent",
)
_CHURN_CATEGORICAL = (
    "plan",
    "contract_type",
    "payment_method",
    "internet_service",
    "region",
    "acquisition_channel",
)
_FEATURE = re.compile(r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}")
_RESERVED = frozenset({"is_deleted", "write_time", "api_invocation_time", "year", "month", "day", "hour"})
_ID_FORMAT = re.compile(r"[^{}]*\{:(0\d{1,2})?d\}[^{}]*")


class Dataset(Section):
    """The columns of the input and what they mean; any other column of the input is refused."""

    id_column: TableName = "customer_id"
    """It becomes the first column of the published table."""
    id_format: str | None = "CUST_{:06d}"
    """How a number becomes an id: CUST_{:06d} makes 17 to CUST_000017; null: ids have no numbers, nor ranges."""
    event_time_column: str | None = "event_time"
    target: str = Field(default="churned", min_length=1)
    problem_type: ProblemType = "binary_classification"
    classes: Annotated[tuple[Label, Label], Several] | None = (0, 1)
    """Values of the target, the negative one first; null for a regression."""
    numeric_features: Names = _CHURN_NUMERIC
    categorical_features: Names = _CHURN_CATEGORICAL
    csv_columns: Names | None = None
    """What CSV files without a header hold, in order; null: they have one. Without id_column among them, the number of
    a row in its file becomes its id."""

    @field_validator("classes", mode="before")
    @classmethod
    def _check_two_texts_or_numbers(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if len(value) != 2:
            raise ValueError(f"two classes are needed, the negative one first; given: {len(value)}")
        # The jobs compare classes as texts, so nothing is lost: a column of booleans holds 'false' and 'true'.
        if any(isinstance(item, bool) for item in value):
            raise ValueError(
                "YAML reads yes, no, on, off, true and false as booleans; quote them: ['no', 'yes'], spelt as in the "
                "data ('false' and 'true' for a column of booleans)"
            )
        return value

    @field_validator("id_format")
    @classmethod
    def _check_id_format(cls, value: str | None) -> str | None:
        if value is not None and _ID_FORMAT.fullmatch(value) is None:
            raise ValueError("allowed: a text with one number field, such as CUST_{:06d} or {:d}, or null")
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_columns()
        self._check_csv_columns()
        if self.problem_type == "regression" and self.classes is not None:
            raise ValueError("classes are given for a regression; allowed: classes: null")
        if self.problem_type == "binary_classification" and (
            self.classes is None or len(set(map(str, self.classes))) != 2
        ):
            raise ValueError(
                f"classes {self.classes!r} do not name two classes; allowed: two values, the negative one first"
            )
        return self

    def _check_columns(self) -> None:
        special = [name for name in (self.id_column, self.event_time_column, self.target) if name is not None]
        columns = [*special, *self.numeric_features, *self.categorical_features]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise ValueError(
                f"{', '.join(map(repr, twice))} named twice; allowed: each column once, as id, time, target or feature"
            )
        if len(columns) == len(special):
            raise ValueError("there are no features; allowed: at least one numeric or categorical feature")

    def _check_csv_columns(self) -> None:
        if self.csv_columns is None:
            return
        time = () if self.event_time_column is None else (self.event_time_column,)
        others = [*time, *self.numeric_features, *self.categorical_features, self.target]
        wrong = {
            "does not name": [name for name in others if name not in self.csv_columns],
            "names the unknown": [name for name in self.csv_columns if name not in {self.id_column, *others}],
            "names twice": sorted({name for name in self.csv_columns if self.csv_columns.count(name) > 1}),
        }
        for what, names in wrong.items():
            if names:
                raise ValueError(
                    f"csv_columns {what} {', '.join(map(repr, names))}; allowed: each feature, the target and the "
                    "event time once, in the order of the files, and the id column, too"
                )
        if self.id_column not in self.csv_columns and self.id_format is None:
            raise ValueError(
                f"csv_columns does not name the id column {self.id_column!r}, and with id_format: null no ids can be "
                "made of the rows' numbers; allowed: name it, or write an id_format"
            )

    def check_features(self) -> None:
        """Refuse columns that cannot be features of a feature group.

        Raises:
            ValueError: with the first of them, or for want of an event time.
        """
        if self.event_time_column is None:
            raise ValueError(
                "dataset.event_time_column is null, and every record of a feature group has an event time; allowed: "
                "a column's name, or data_source: s3"
            )
        columns = (self.id_column, self.event_time_column, self.target, *self.numeric_features)
        seen: set[str] = set()
        for name in (*columns, *self.categorical_features):
            if _FEATURE.fullmatch(name) is None or name.lower() in _RESERVED | seen:
                raise ValueError(
                    f"the column {name!r} cannot be a feature of a feature group; allowed: letters and digits with "
                    "'-' or '_' between them, at most 64, different in more than the letters' case, and none of "
                    f"{', '.join(sorted(_RESERVED))}. Rename it, or write data_source: s3"
                )
            seen.add(name.lower())

    def as_schema(self) -> dict[str, Any]:
        """Return the document that tells the jobs about the columns (schema.json)."""
        features = [
            *({"name": name, "kind": "numeric"} for name in self.numeric_features),
            *({"name": name, "kind": "categorical"} for name in self.categorical_features),
        ]
        return {
            "version": 1,
            "problem_type": self.problem_type,
            "id_column": self.id_column,
            "id_format": self.id_format,
            "event_time_column": self.event_time_column,
            "target": self.target,
            "classes": None if self.classes is None else list(self.classes),
            "features": features,
            # Left out where it says nothing: the document's digest is kept with each model.
            **({} if self.csv_columns is None else {"csv_columns": list(self.csv_columns)}),
        }
