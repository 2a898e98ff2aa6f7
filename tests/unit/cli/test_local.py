"""What `--local` makes on the endpoint before a command works with it."""

from __future__ import annotations

from typing import Any

import pytest

from cli.local import make_topic

TOPIC = "arn:aws:sns:eu-west-1:000000000000:alarms"


class FakeSession:
    """A session whose only service is SNS; creating what is there gives what is there, as on AWS."""

    def __init__(self) -> None:
        self.topics: dict[str, dict[str, Any]] = {}
        self.subscriptions: set[tuple[str, ...]] = set()
        self._region = ""

    def client(self, service: str, region_name: str) -> FakeSession:
        assert service == "sns"
        self._region = region_name
        return self

    def create_topic(self, *, Name: str, **more: Any) -> None:  # noqa: N803  # boto3's own spelling
        self.topics[f"arn:aws:sns:{self._region}:000000000000:{Name}"] = more

    def subscribe(self, *, TopicArn: str, Protocol: str, Endpoint: str) -> None:  # noqa: N803  # boto3's own spelling
        assert TopicArn in self.topics
        self.subscriptions.add((TopicArn, Protocol, Endpoint))


def test_topic_and_its_subscription_are_made_once_in_the_topics_own_region() -> None:
    session = FakeSession()

    for _ in range(2):
        make_topic(session, TOPIC, "team@example.com")

    assert session.topics == {TOPIC: {}}
    assert session.subscriptions == {(TOPIC, "email", "team@example.com")}


def test_topic_without_an_address_has_no_subscription() -> None:
    session = FakeSession()

    make_topic(session, TOPIC, None)

    assert (session.topics, session.subscriptions) == ({TOPIC: {}}, set())


def test_topic_that_keeps_an_order_is_made_as_such() -> None:
    session = FakeSession()

    make_topic(session, f"{TOPIC}.fifo", None)

    assert session.topics == {f"{TOPIC}.fifo": {"Attributes": {"FifoTopic": "true"}}}


@pytest.mark.parametrize("email", [None, "team@example.com"])
def test_without_a_topic_nothing_is_made(email: str | None) -> None:
    session = FakeSession()

    make_topic(session, None, email)

    assert (session.topics, session.subscriptions) == ({}, set())
