"""Sharing work between threads: all of it is done once, and what goes wrong reaches the caller."""

import threading
import time

import pytest

from lutsr._threads import share


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_every_item_is_done_once(workers):
    done = []
    share(done.append, range(100), workers)
    assert sorted(done) == list(range(100))


def test_others_take_part():
    together = threading.Barrier(3, timeout=20)
    names = []

    def work(item):
        together.wait()
        names.append(threading.current_thread().name)

    share(work, range(3), 3)
    assert sorted(names) == sorted(["lutsr", "lutsr", threading.current_thread().name])
    assert not [thread for thread in threading.enumerate() if thread.name == "lutsr"]


@pytest.mark.parametrize("in_caller", [True, False])
def test_an_error_of_any_thread_is_raised_and_ends_the_work(in_caller):
    caller = threading.current_thread()
    together = threading.Barrier(2, timeout=20)
    items = []

    def work(item):
        items.append(item)
        if item < 2:
            together.wait()
        if (threading.current_thread() is caller) == in_caller:
            raise ZeroDivisionError(item)
        time.sleep(0.01)

    with pytest.raises(ZeroDivisionError):
        share(work, range(1000), 2)
    assert len(items) < 1000


def test_where_no_thread_starts_the_caller_does_all(monkeypatch):
    def no_memory(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_memory)
    done = []
    share(done.append, range(5), 4)
    assert done == list(range(5))
