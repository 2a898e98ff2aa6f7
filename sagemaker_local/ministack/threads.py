"""Threads for reading and writing files: those of the loop may all be busy with functions, which need files, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_FILES = ThreadPoolExecutor(8, thread_name_prefix="files")


async def in_file_thread(function: Callable[..., T], *arguments: object) -> T:
    """Call a function that waits for the disk and for nothing else."""
    return await asyncio.get_running_loop().run_in_executor(_FILES, function, *arguments)
