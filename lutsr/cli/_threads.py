"""Jobs side by side in threads: started in order, within a bound of memory, reported in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Stopped(BaseException):
    """Raised inside a job that is to end because of Ctrl-C; nothing catches it by accident."""


class Threads(Generic[T]):
    """Threads that do numbered jobs.

    Parameters
    ----------
    work : callable
        Does the job of a number, and returns its result. It is called from several threads, and
        calls its second argument now and then, which raises `Stopped` if the job is to end.
    costs : callable
        Returns the memory that a job takes, in bytes. Called from one thread at a time, in order.
    count : int
        Number of jobs.
    threads : int
        Number of threads.
    most : int
        Memory that the jobs in progress may take. A job that takes more runs alone.
    """

    def __init__(
        self,
        work: Callable[[int, Callable[[], None]], T],
        costs: Callable[[int], int],
        count: int,
        threads: int,
        most: int,
    ) -> None:
        self._work, self._costs, self._count, self._most = work, costs, count, most
        self._results: dict[int, tuple[T | None, BaseException | None]] = {}
        self._next = self._used = 0
        self._stopped = False
        self._changed = threading.Condition()
        self._choosing = threading.Lock()  # held by the thread that waits for memory
        # At exit Python does not wait for daemons: a second Ctrl-C ends the program at once.
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[T]:
        """Yield the results in the order of the jobs; what a job raised is raised here."""
        for number in range(self._count):
            with self._changed:
                while number not in self._results:
                    self._changed.wait(1)  # without a limit, Windows does not notice Ctrl-C
                result, error = self._results.pop(number)
            if error is not None:
                raise error
            yield result  # type: ignore[misc]

    def stop(self) -> list[T]:
        """End all jobs, and return the results of those that were done but not yet reported."""
        self._stopped = True
        for thread in self._threads:
            thread.join()
        done = sorted(self._results.items())
        return [result for _, (result, error) in done if error is None and result is not None]

    def _check(self) -> None:
        """Raise `Stopped` if the jobs are to end."""
        if self._stopped:
            raise Stopped

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            number, cost = taken
            outcome: tuple[Any, BaseException | None]
            try:
                outcome = self._work(number, self._check), None
            except BaseException as error:  # raised by `results`
                outcome = None, error
            with self._changed:
                self._used -= cost
                self._results[number] = outcome
                self._changed.notify_all()

    def _take(self) -> tuple[int, int] | None:
        """Wait for the next job and the memory for it."""
        with self._choosing:
            number = self._next
            if number == self._count or self._stopped:
                return None
            cost = min(self._costs(number), self._most)
            with self._changed:
                while self._used + cost > self._most and not self._stopped:
                    self._changed.wait(1)
                if self._stopped:
                    return None
                self._used += cost
            self._next += 1
            return number, cost
