"""Threads of one call. They end with it; if one cannot be started, the others do its work."""

from __future__ import annotations

import _thread
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any


def share(work: Callable[[int], None], items: Iterable[int], workers: int) -> None:
    """Call `work` for every item, from this thread and up to `workers` - 1 others.

    There is no pool that lasts from call to call: its threads would not exist in a forked child.

    Parameters
    ----------
    work : callable
        Called with an item. If it raises, no further items are begun, and the exception is raised
        here.
    items : iterable of int
        Taken in order, each by the next free thread.
    workers : int
        Number of threads, at least 1; fewer are used if they cannot be started.
    """
    left = iter(items)
    errors: list[BaseException] = []

    def take() -> None:
        try:
            for item in left:
                work(item)
        except BaseException as error:  # raised in the calling thread
            errors.append(error)
            deque(left, maxlen=0)  # no thread begins another item

    def take_and_release(ended: Any) -> None:
        take()
        ended.release()

    started = []
    for _ in range(workers - 1):
        ended = _thread.allocate_lock()
        ended.acquire()
        try:
            # `threading.Thread.start` would wait until the new thread runs, about 0.5 ms.
            _thread.start_new_thread(take_and_release, (ended,))
        except RuntimeError:  # can't start new thread
            break
        started.append(ended)
    take()
    for ended in started:
        ended.acquire()
    if errors:
        raise errors[0]
