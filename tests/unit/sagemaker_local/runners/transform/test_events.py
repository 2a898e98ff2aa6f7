from __future__ import annotations

import os

from sagemaker_local.runners.transform.events import EventWriter, read_events


def test_events_arrive_in_order_until_the_writer_is_gone() -> None:
    reading, writing = os.pipe()
    writer = EventWriter(writing)

    writer.write("finished", number=1)
    writer.write("failed", number=2, blame="ClientError", text="a\nb")
    os.close(writing)

    assert list(read_events(reading)) == [
        {"event": "finished", "number": 1},
        {"event": "failed", "number": 2, "blame": "ClientError", "text": "a\nb"},
    ]


def test_event_that_was_torn_by_a_kill_is_dropped() -> None:
    reading, writing = os.pipe()

    os.write(writing, b'{"event": "finished", "number": 1}\n{"event": "fin')
    os.close(writing)

    assert list(read_events(reading)) == [{"event": "finished", "number": 1}]


def test_writer_keeps_its_end_from_child_processes() -> None:
    """A worker that held it would keep the runner waiting for an end that never comes."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)

    EventWriter(writing)

    assert not os.get_inheritable(writing)
    os.close(reading)
    os.close(writing)
