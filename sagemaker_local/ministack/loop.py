"""Runs calls into MiniStack where its own requests run: on the event loop, one after the other."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sagemaker_local.errors import InternalFailure

T = TypeVar("T")

# How often a waiting thread looks whether the loop is still there.
_CHECK_SECONDS = 1.0


class Loop:
    """The event loop that serves MiniStack; before it starts and after it ended, calls run in the caller's thread."""

    def __init__(self, running_loop: Callable[[], asyncio.AbstractEventLoop | None]) -> None:
        self._running_loop = running_loop
        self._alone = threading.RLock()

    def call(self, function: Callable[[], T]) -> T:
        """Run a short function on the loop and wait for its result; callable from any thread, also from the loop's."""
        loop = self._usable()
        if loop is None or loop is _current():
            with self._alone:
                return function()
        done: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(function())
                except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
                    done.set_exception(error)

        try:
            loop.call_soon_threadsafe(run)
        except RuntimeError:  # closed in between
            return self.call(function)
        return self._wait(loop, done, lambda: self.call(function))

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop and wait for its result; never from the loop's own thread."""
        loop = self._usable()
        if loop is None:
            return asyncio.run(work())
        begun = threading.Event()

        async def once() -> T:
            begun.set()
            return await work()

        def otherwise() -> T:
            if begun.is_set():
                # A second run could do twice what must be done once.
                raise InternalFailure("The endpoint stopped before the call had ended. Start it again, then repeat it.")
            return asyncio.run(work())

        return self._wait(loop, asyncio.run_coroutine_threadsafe(once(), loop), otherwise)

    def _usable(self) -> asyncio.AbstractEventLoop | None:
        loop = self._running_loop()
        return loop if loop is not None and loop.is_running() else None

    @staticmethod
    def _wait(loop: asyncio.AbstractEventLoop, done: concurrent.futures.Future[T], otherwise: Callable[[], T]) -> T:
        while True:
            try:
                return done.result(_CHECK_SECONDS)
            except concurrent.futures.TimeoutError:
                # A call that the ended loop never began can be taken back and run here; one that it began cannot.
                if done.done():
                    raise
                if not loop.is_running() and done.cancel():
                    return otherwise()


def _current() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
