"""Use inside other programs: threads, processes, forks. Results are right, nothing hangs or aborts.

Each case is a program of its own with a time limit; it compares its results with the reference.
"""

import multiprocessing

import pytest

from .programs import check_right, run_program

fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)

POOL = """
import multiprocessing

def upscale_random(seed):
    image = picture(seed, (40, 50, 3))
    return right(image, lutsr.upscale(image, 2, model="eclut", channel_axis=-1, workers=2))

def pool(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        return pool.map(upscale_random, range(6), chunksize=1)
"""


def test_sixteen_threads_with_one_upscaler(tmp_path):
    code = """
import threading
up = lutsr.load("eclut", 2)
gate = threading.Barrier(16)
found = []

def work(seed):
    gate.wait()
    for n, dtype in enumerate((np.uint8, np.uint16, np.float32, np.uint8)):
        grey = picture(seed + 100 * n, (20 + seed, 40), dtype)
        rgb = picture(seed + 100 * n, (20, 30 + seed, 3), dtype)
        found.append(right(grey, up(grey)))
        found.append(right(rgb, up(rgb, channel_axis=-1, workers=2)))

threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check(len(found) == 128, *found)
"""
    check_right(run_program(tmp_path, code))


def test_sixteen_threads_with_bands_of_their_own(tmp_path):
    # Large enough that every call starts its own threads.
    code = """
from concurrent.futures import ThreadPoolExecutor
image = picture(0, (400, 500))
want = lutsr.upscale(image, 2, model="eclut", workers=1)
with ThreadPoolExecutor(16) as pool:
    call = lambda n: lutsr.upscale(image, 2, model="eclut", workers=n % 5 + 1)
    results = list(pool.map(call, range(32)))
check(right(image, want), *(np.array_equal(big, want) for big in results))
"""
    check_right(run_program(tmp_path, code))


def test_the_default_in_threads_and_after_a_fork(tmp_path):
    code = """
from concurrent.futures import ThreadPoolExecutor
import multiprocessing
images = [picture(n, (60 + n, 70, 3)) for n in range(16)]
up = lutsr.load(scale=2)
wanted = [up(image, channel_axis=-1, rgb=True, workers=1) for image in images]

def same(n):
    got = lutsr.upscale(images[n], 2, channel_axis=-1, rgb=True, workers=n % 4 + 1)
    return np.array_equal(got, wanted[n])

if __name__ == "__main__":
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(same, range(16)))
    if "fork" in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found += pool.map(same, range(16))
    want = reference.upscale(images[0], up, channel_axis=-1, rgb=True)
    check(np.array_equal(wanted[0], want), *found)
"""
    check_right(run_program(tmp_path, code))


def test_sixteen_threads_that_load_at_once(tmp_path):
    code = """
from concurrent.futures import ThreadPoolExecutor
import threading
gate = threading.Barrier(16)

def work(seed):
    image = picture(seed)
    gate.wait()
    return right(image, lutsr.upscale(image, 2, model="eclut"))

with ThreadPoolExecutor(16) as pool:
    check(*pool.map(work, range(16)))
"""
    check_right(run_program(tmp_path, code))


@pytest.mark.parametrize("method", [pytest.param("fork", marks=fork), "spawn"])
def test_processes(tmp_path, method):
    code = f"""
if __name__ == "__main__":
    check(*pool({method!r}))
"""
    check_right(run_program(tmp_path, POOL + code))


@fork
def test_fork_after_use_with_threads(tmp_path):
    code = """
image = picture(0, (400, 500))
want = lutsr.upscale(image, 2, model="eclut", workers=2)
again = lutsr.upscale(image, 2, model="eclut", workers=2)
check(right(image, want), *pool("fork"), np.array_equal(again, want))
"""
    check_right(run_program(tmp_path, POOL + code))


@fork
def test_fork_while_other_threads_upscale(tmp_path):
    code = """
import threading
up = lutsr.load("eclut", 2)
image = picture(0, (400, 500))
up(image)
stop = threading.Event()
found = []

def work():
    while not stop.is_set():
        up(image, workers=2)

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for _ in range(3):
    found += pool("fork")
stop.set()
for thread in threads:
    thread.join()
check(*found)
"""
    # Python warns of every fork beside threads, from 3.12 on.
    check_right(run_program(tmp_path, POOL + code, options=("-W", "ignore::DeprecationWarning")))


def test_pytorch_data_loader(tmp_path):
    pytest.importorskip("torch", reason='needs torch, of the dependency group "training"')
    code = """
from torch.utils.data import DataLoader, Dataset

class Upscaled(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, seed):
        image = picture(seed, (30, 40, 3))
        return seed, lutsr.upscale(image, 2, model="eclut", channel_axis=-1)

if __name__ == "__main__":
    first = Upscaled()[0]  # used before the workers fork
    loader = DataLoader(Upscaled(), batch_size=2, num_workers=2)
    found = {int(n): big.numpy() for seeds, bigs in loader for n, big in zip(seeds, bigs)}
    check(len(found) == 8, *(right(picture(n, (30, 40, 3)), big) for n, big in found.items()))
"""
    check_right(run_program(tmp_path, code))


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_nested_in_joblib(tmp_path, backend):
    pytest.importorskip("joblib", reason='needs joblib, of the dependency group "test"')
    code = f"""
import joblib
if __name__ == "__main__":
    check(upscale_random(0), *joblib.Parallel(n_jobs=2, backend={backend!r})(
        joblib.delayed(upscale_random)(seed) for seed in range(6)
    ))
"""
    check_right(run_program(tmp_path, POOL + code))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_nested_in_dask(tmp_path, scheduler):
    pytest.importorskip("dask", reason='needs the extra "dask"')
    code = f"""
import dask
if __name__ == "__main__":
    tasks = [dask.delayed(upscale_random)(seed) for seed in range(6)]
    check(*dask.compute(*tasks, scheduler={scheduler!r}, num_workers=2))
"""
    check_right(run_program(tmp_path, POOL + code))


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ((), {"NUMBA_NUM_THREADS": "1"}),
        ((), {"NUMBA_DISABLE_JIT": "1"}),
        (("-O",), {}),
        (("-I",), {}),
        (("-X", "dev"), {}),
    ],
)
def test_ways_to_start_python(tmp_path, options, environment):
    code = """
found = []
for dtype in (np.uint8, np.uint16, np.float64):
    image = picture(0, (30, 41, 3), dtype)
    found.append(right(image, lutsr.upscale(image, 2, model="eclut", channel_axis=-1, workers=2)))
    found.append(right(image[..., 0], lutsr.upscale(image[..., 0], 2, model="eclut")))
try:
    lutsr.upscale(np.full((5, 5), 2.0), 2)
except ValueError:  # not an assert, which -O removes
    found.append(True)
check(len(found) == 7, *found)
"""
    check_right(run_program(tmp_path, code, options=options, environment=environment))
