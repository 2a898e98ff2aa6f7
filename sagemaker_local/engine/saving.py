"""What has happened is recorded as soon as the disk allows it: work that was done is not lost to a full disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sagemaker_local.errors import StateNotSaved

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


def until_saved(save: Callable[[], T], is_over: Callable[[], bool]) -> T:
    """Call `save` until it can write, or until the endpoint ends.

    Raises:
        StateNotSaved: the endpoint ends; its next start finds what was saved before.
    """
    while True:
        try:
            return save()
        except StateNotSaved as error:
            if is_over():
                raise
            _LOG.warning("%s It is tried again.", error)
            time.sleep(_RETRY_SECONDS)
