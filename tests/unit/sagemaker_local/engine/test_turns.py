"""Turns are taken in order, and a stop is heard while waiting."""

from __future__ import annotations

import threading
import time

from sagemaker_local.engine.turns import Turns


def _waiting(turns: Turns, stop: threading.Event, taken: list[bool]) -> threading.Thread:
    thread = threading.Thread(target=lambda: taken.append(turns.take(stop)))
    thread.start()
    time.sleep(0.02)
    return thread


def test_turn_is_waited_for_until_one_is_given_back() -> None:
    turns, taken = Turns(1), list[bool]()
    turns.take(threading.Event())
    thread = _waiting(turns, threading.Event(), taken)
    before = list(taken)

    turns.give_back()
    thread.join(5)

    assert (before, taken) == ([], [True])


def test_stop_ends_the_wait_without_a_turn() -> None:
    turns, taken, stop = Turns(1), list[bool](), threading.Event()
    turns.take(threading.Event())
    thread = _waiting(turns, stop, taken)

    stop.set()
    turns.notice_stop()
    thread.join(5)

    assert taken == [False]


def test_turn_that_woke_a_stopped_waiter_goes_to_the_next() -> None:
    turns, first, second, stop = Turns(1), list[bool](), list[bool](), threading.Event()
    turns.take(threading.Event())
    threads = [_waiting(turns, stop, first), _waiting(turns, threading.Event(), second)]

    stop.set()
    turns.give_back()
    for thread in threads:
        thread.join(5)

    assert (first, second) == ([False], [True])
