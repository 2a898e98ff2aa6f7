"""Runs Athena's queries to their end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dataset_schema import QueryFailed

FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class Athena:
    """A client of Athena with the place for its results."""

    client: Any
    results: str
    """An S3 prefix; Athena wants one even of a query whose rows go elsewhere."""
    sleep: Callable[[float], None] = time.sleep

    def run(self, query: str) -> str:
        """Run a query and return its id.

        Raises:
            QueryFailed: with Athena's reason.
        """
        started = self.client.start_query_execution(
            QueryString=query, ResultConfiguration={"OutputLocation": self.results}
        )
        query_id: str = started["QueryExecutionId"]
        pause = FIRST_POLL_SECONDS
        while True:
            status = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                return query_id
            if status["State"] in {"FAILED", "CANCELLED"}:
                reason = status.get("StateChangeReason", "no reason given")
                raise QueryFailed(f"Athena's query {query_id} {status['State'].lower()}: {reason} It was: {query}")
            self.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def row(self, query: str) -> list[str | None]:
        """Run a query whose answer is one row, and return its values as text."""
        answer = self.client.get_query_results(QueryExecutionId=self.run(query))
        # The first row has the columns' names.
        return [cell.get("VarCharValue") for cell in answer["ResultSet"]["Rows"][1]["Data"]]
