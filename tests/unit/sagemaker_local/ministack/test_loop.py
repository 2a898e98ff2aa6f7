"""Calls run on the loop when there is one, and in the caller's thread when there is none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from sagemaker_local.errors import InternalFailure
from sagemaker_local.ministack import loop as loop_module
from sagemaker_local.ministack.loop import Loop


@pytest.fixture
def running() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_call_without_a_loop_runs_in_the_callers_thread() -> None:
    assert Loop(lambda: None).call(threading.get_ident) == threading.get_ident()


def test_call_runs_on_the_loop(running: asyncio.AbstractEventLoop) -> None:
    assert Loop(lambda: running).call(threading.get_ident) != threading.get_ident()


def test_call_from_the_loop_itself_does_not_wait_for_it(running: asyncio.AbstractEventLoop) -> None:
    loop = Loop(lambda: running)

    assert loop.call(lambda: loop.call(lambda: "inner")) == "inner"


def test_call_raises_what_the_function_raised(running: asyncio.AbstractEventLoop) -> None:
    def fail() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        Loop(lambda: running).call(fail)


def test_call_that_the_ended_loop_never_began_runs_in_the_callers_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_CHECK_SECONDS", 0.01)
    ended = cast("asyncio.AbstractEventLoop", _Ending())

    assert Loop(lambda: ended).call(threading.get_ident) == threading.get_ident()


def test_coroutine_runs_on_the_loop(running: asyncio.AbstractEventLoop) -> None:
    async def where() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert Loop(lambda: running).run(where) is running


def test_coroutine_without_a_loop_runs_on_its_own() -> None:
    async def answer() -> int:
        return 42

    assert Loop(lambda: None).run(answer) == 42


class _Ending:
    """A loop that takes one call, and ends before it begins it."""

    def __init__(self) -> None:
        self._taken = False

    def is_running(self) -> bool:
        return not self._taken

    def call_soon_threadsafe(self, *_: object) -> None:
        self._taken = True


def test_coroutine_that_the_ended_loop_began_is_not_run_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_CHECK_SECONDS", 0.01)
    ending = asyncio.new_event_loop()
    thread = threading.Thread(target=ending.run_forever)
    thread.start()
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        ending.stop()
        await asyncio.sleep(60)

    with pytest.raises(InternalFailure, match="stopped before the call had ended"):
        Loop(lambda: ending).run(work)

    thread.join()
    for task in asyncio.all_tasks(ending):
        task.cancel()
    ending.run_until_complete(asyncio.sleep(0))
    ending.close()
    assert runs == [1]
