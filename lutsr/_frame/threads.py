"""Threads of one call: none outlives it, and where one cannot be started the others do its work."""

from __future__ import annotations

import _thread
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any


def share(work: Callable[[int], None], items: Iterable[int], workers: int) -> None:
    """Call `work` for every item, from this thread and up to `workers` - 1 others.

    A pool kept from call to call would be lost in the child of a fork.

    Parameters
    ----------
    work : callable
        Takes an item. What it raises ends the work, and is raised here.
    items : iterable of int
        Taken in their order, each by the thread that is free next.
    workers : int
        At least 1. Fewer threads than that do the work where there is no memory for more.
    """
    left = iter(items)
    errors: list[BaseException] = []

    def take() -> None:
        try:
            for item in left:
                work(item)
        except BaseException as error:  # of other threads too, to be raised in the caller's
            errors.append(error)
            deque(left, maxlen=0)  # nobody begins another item

    def take_and_tell(ended: Any) -> None:
        take()
        ended.release()

    started = []
    for _ in range(workers - 1):
        ended = _thread.allocate_lock()
        ended.acquire()
        try:
            # `threading.Thread` would wait here until the other core is awake, half a millisecond.
            _thread.start_new_thread(take_and_tell, (ended,))
        except RuntimeError:  # can't start new thread
            break
        started.append(ended)
    take()
    for ended in started:
        ended.acquire()
    if errors:
        raise errors[0]
