"""Files side by side: order, memory, errors and Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from lutsr import cli
from lutsr.cli import _batch, _files
from lutsr.cli._threads import Stopped, Threads

from .helpers import pixels, twice


def done(work, costs, count=8, threads=3, most=10):
    return list(Threads(work, costs, count, threads, most).results())


def test_results_come_in_order():
    def work(number, check):
        time.sleep(0.02 * (number % 3 == 0))
        return number

    assert done(work, lambda number: 1) == list(range(8))


def test_jobs_run_side_by_side():
    barrier = threading.Barrier(3, timeout=30)
    assert len(done(lambda number, check: barrier.wait(), lambda number: 1, count=9)) == 9


@pytest.mark.parametrize(("cost", "side_by_side"), [(1, 3), (4, 2), (6, 1), (99, 1)])
def test_memory_is_bounded(cost, side_by_side):
    lock, now, most = threading.Lock(), 0, 0

    def work(number, check):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    done(work, lambda number: cost)
    assert most <= side_by_side


def test_an_error_is_raised_in_its_place():
    def work(number, check):
        if number == 2:
            raise BrokenPipeError
        return number

    results = Threads(work, lambda number: 1, 5, 2, 10).results()
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(BrokenPipeError):
        next(results)


def test_stop_ends_jobs_and_returns_what_was_done():
    begun, go = threading.Event(), threading.Event()

    def work(number, check):
        if number == 0:
            begun.set()
            go.wait(30)
            check()
        return number

    threads = Threads(work, lambda number: 1, 3, 2, 10)
    begun.wait(30)
    while 2 not in threads._results:
        time.sleep(0.001)
    threads._stopped = True
    go.set()
    assert threads.stop() == [1, 2]
    with pytest.raises(Stopped):
        next(threads.results())


@pytest.fixture
def many(folder, rgb):
    os.mkdir("photos")
    for number in range(12):
        Image.fromarray(rgb // 2 + number).save(f"photos/{number:02}.png")
    (folder / "photos/05.png").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize("workers", ["1", "2", "5"])
def test_messages_and_files_do_not_depend_on_threads(many, repeat, rgb, capsys, workers):
    assert cli.main(["photos", "-o", "big", "-v", "-j", workers, *repeat]) == 1
    out, err = capsys.readouterr()
    names = [line.split(":")[0] for line in out.splitlines()[1:-1]]
    assert names == [f"wrote big/{number:02}_x2.png" for number in range(12) if number != 5]
    assert "11 done, 0 skipped, 1 failed" in out
    assert "lutsr: photos/05.png: is not an image" in err
    for number in (0, 11):
        np.testing.assert_array_equal(pixels(f"big/{number:02}_x2.png"), twice(rgb // 2 + number))


def test_large_files_and_the_last_ones_use_more_threads(many, repeat, monkeypatch):
    seen = {}
    upscale_file = _files.upscale_file

    def watched(job, upscale, *rest):
        seen[job.source] = upscale.workers
        return upscale_file(job, upscale, *rest)

    monkeypatch.setattr(_batch, "upscale_file", watched)
    cli.main(["photos", "-o", "big", "-j", "4", *repeat])
    assert [seen[source] for source in sorted(seen)] == [1] * 10 + [2, 4]
    monkeypatch.setattr(_batch, "MOST_BYTES", 12 * 12 * 18)
    cli.main(["photos", "-o", "other", "-j", "4", *repeat])
    # The size of the damaged file, number 5, is not known.
    assert [seen[source] for source in sorted(seen)] == [4] * 5 + [1] + [4] * 6
    # The encoder of WebP takes three times as much.
    monkeypatch.setattr(_batch, "MOST_BYTES", 3 * 12 * 12 * 18)
    cli.main(["photos", "-o", "third", "-j", "4", *repeat])
    assert [seen[source] for source in sorted(seen)][:5] == [1] * 5
    cli.main(["photos", "-o", "fourth", "-f", "webp", "-j", "4", *repeat])
    assert [seen[source] for source in sorted(seen)][:5] == [4] * 5


SLOW = """
import sys, time
from lutsr import cli
from lutsr.cli import imagefile
write = imagefile.write
def slowly(target, *args, **options):
    if "00" in target:
        return write(target, *args, **options)
    print("writing", flush=True)
    # The first ones end soon after Ctrl-C. The rest give a slow machine the time to send it.
    time.sleep(0.3 if "01" in target or "02" in target else 1)
    write(target, *args, **options)
imagefile.write = slowly
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_all_threads_and_leaves_whole_files(many, repeat):
    os.remove("photos/05.png")
    argv = [sys.executable, "-c", SLOW, "photos", "-o", "big", "-j", "2", *repeat]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, **pipes) as process:
        for line in process.stdout:
            if line == "writing\n":
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    files = sorted(os.listdir("big"))
    assert 1 <= len(files) < 11
    assert err == f"lutsr: interrupted: {len(files)} done, {11 - len(files)} left; " + (
        "run it again for the rest\n"
    )
    for name in files:
        assert name.endswith("_x2.png")
        assert pixels(f"big/{name}").shape == (12, 18, 3)
