"""Sharing work between threads: every item is done once, and exceptions reach the caller."""

import _thread
import threading
import time

import pytest

from lutsr._frame.threads import share


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_every_item_is_done_once(workers):
    done = []
    share(done.append, range(100), workers)
    assert sorted(done) == list(range(100))


def test_others_take_part():
    together = threading.Barrier(3, timeout=20)
    threads = set()

    def work(item):
        together.wait()
        threads.add(threading.get_ident())

    share(work, range(3), 3)
    assert len(threads) == 3
    assert threading.get_ident() in threads


@pytest.mark.parametrize("in_caller", [True, False])
def test_an_error_of_any_thread_is_raised_and_ends_the_work(in_caller):
    caller = threading.get_ident()
    together = threading.Barrier(2, timeout=20)
    items = []

    def work(item):
        items.append(item)
        if item < 2:
            together.wait()
        if (threading.get_ident() == caller) == in_caller:
            raise ZeroDivisionError(item)
        time.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        share(work, range(1000), 2)
    assert len(items) < 1000


def test_where_no_thread_starts_the_caller_does_all(monkeypatch):
    def no_memory(function, arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", no_memory)
    done = []
    share(done.append, range(5), 4)
    assert done == list(range(5))
