from __future__ import annotations

from sagemaker_local.engine.stop_signal import StopSignal


def test_stop_calls_those_who_work() -> None:
    stop, called = StopSignal(), list[str]()

    with stop.calling(lambda: called.append("a")):
        stop.set()

    assert called == ["a"]
    assert stop.is_set()


def test_stop_calls_nobody_who_is_done() -> None:
    stop, called = StopSignal(), list[str]()
    with stop.calling(lambda: called.append("a")):
        pass

    stop.set()

    assert called == []


def test_who_comes_after_the_stop_is_called_at_once() -> None:
    stop, called = StopSignal(), list[str]()
    stop.set()

    with stop.calling(lambda: called.append("late")):
        assert called == ["late"]


def test_wait_ends_with_the_stop() -> None:
    stop = StopSignal()

    before = stop.wait(0)
    stop.set()

    assert (before, stop.wait(60)) == (False, True)


def test_first_reason_to_stop_stays() -> None:
    asked, interrupted = StopSignal(), StopSignal()

    asked.set()
    asked.set(is_interruption=True)
    interrupted.set(is_interruption=True)
    interrupted.set()

    assert (asked.is_interruption, interrupted.is_interruption) == (False, True)
