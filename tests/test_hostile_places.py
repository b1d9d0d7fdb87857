"""Full disks, removed folders, little memory, wrong clocks: a clear error or the right result.

No file is left incomplete, no process aborts. Each case is a separate program with a time limit.
"""

import _thread
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import lutsr
import lutsr_data

from .programs import check_right, run_program

limits = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's limits of a process"
)

UPSCALE = """
image = picture(0)
check(right(image, lutsr.upscale(image, 2, model="eclut")))
"""


def copy_install(folder):
    for package in (Path(lutsr.__file__).parent, Path(lutsr_data.__file__).parent):
        shutil.copytree(
            package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__")
        )


def set_writable(folder, writable):
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o755 if path.is_dir() else 0o644) if writable else path.stat().st_mode & 0o555)


def test_read_only_install_without_home_or_cache(tmp_path):
    install, nowhere = tmp_path / "install", tmp_path / "file"
    install.mkdir()
    copy_install(install)
    nowhere.write_text("a file, in which no folder can be made", encoding="utf-8")
    # root can write into read-only folders, but cannot make a folder where there is a file.
    for folder in {path.parent for path in install.rglob("*.py")}:
        (folder / "__pycache__").write_text("", encoding="utf-8")
    before = sorted(install.rglob("*"))
    set_writable(install, False)
    environment = {
        "HOME": None,
        "NUMBA_CACHE_DIR": None,
        "XDG_CACHE_HOME": str(nowhere / "cache"),
        "LOCALAPPDATA": str(nowhere / "cache"),
        "PYTHONPATH": str(install),
        "PYTHONDONTWRITEBYTECODE": None,
    }
    code = """
if "install" not in lutsr.__file__:
    raise SystemExit(f"another lutsr: {lutsr.__file__}")
"""
    try:
        check_right(run_program(tmp_path, code + UPSCALE, environment=environment))
    finally:
        set_writable(install, True)
    assert sorted(install.rglob("*")) == before


def test_home_is_unset(tmp_path):
    environment = {"HOME": None, "USER": None, "LOGNAME": None, "XDG_CACHE_HOME": None}
    check_right(run_program(tmp_path, UPSCALE, environment=environment))


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder that a process is in")
def test_the_current_folder_is_gone(tmp_path):
    code = """
import os
os.mkdir("gone")
os.chdir("gone")
os.rmdir("../gone")
"""
    check_right(run_program(tmp_path, code + UPSCALE))


@limits
def test_memory_ends(tmp_path):
    code = """
import resource
up = lutsr.load("eclut", 2)
pictures = [
    picture(0, (300, 400)), picture(0, (300, 400, 3)),
    picture(0, (300, 400), np.uint16), picture(0, (300, 400, 3), np.float32),
]

def upscale(image, **options):
    return up(image, channel_axis=None if image.ndim == 2 else -1, **options)

for image in pictures:
    upscale(image, workers=2)
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
found, ended = [], 0
for repeats in (1, 4, 16, 64):
    for image in pictures:
        try:
            large = np.tile(image, (repeats, repeats, 1)[: image.ndim])
            big = upscale(large, workers=2)
        except MemoryError:
            ended += 1
        else:
            found.append(np.array_equal(big[:20], upscale(large[:20], workers=1)[:20]) or
                         right(image, big))
            del big
# What there is memory for is still right afterwards.
found += [right(image[:50, :50], upscale(image[:50, :50])) for image in pictures]
check(ended > 0, *found)
"""
    check_right(run_program(tmp_path, code))


def test_too_little_address_space_to_load_numba_is_said_at_once(tmp_path):
    code = """
import resource
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
unlimited = resource.getrlimit(resource.RLIMIT_AS)
image = picture(0, (20, 30))
said = []
for left in (16, 64, 256):
    resource.setrlimit(resource.RLIMIT_AS, (used + (left << 20), unlimited[1]))
    try:
        lutsr.upscale(image, 2, model="eclut")
    except MemoryError as error:
        said.append("raise the limit" in str(error))
resource.setrlimit(resource.RLIMIT_AS, unlimited)
check(said == [True] * 3, right(image, lutsr.upscale(image, 2, model="eclut")))
"""
    check_right(run_program(tmp_path, code))


COMMAND = """
import os, shutil, sys
from pathlib import Path
from PIL import Image
from lutsr.cli import main

image = picture(0, (300, 400, 3))
Image.fromarray(image).save("in.png")
out = Path("out")
out.mkdir()

def run(kind, *options):
    return main(["in.png", "-o", f"out/big.{kind}", "-s", "2", "-m", "eclut", *options])

def whole(kind):
    with Image.open(f"out/big.{kind}") as big:
        pixels = np.array(big)
    return kind in ("jpg", "webp") or right(image, pixels)

def names():
    return sorted(os.listdir(out))
"""


@pytest.fixture
def run_command(tmp_path):
    for name in ("PIL", "tifffile", "imagecodecs", "tqdm"):
        pytest.importorskip(name, reason='needs the extra "cli"')
    return lambda code, **options: run_program(tmp_path, COMMAND + code, **options)


@limits
@pytest.mark.parametrize("kind", ["png", "tif", "jpg", "webp"])
def test_full_disk_leaves_the_old_file_whole(run_command, kind):
    code = f"""
import resource
kind = {kind!r}
first = run(kind, "-q")
old = (out / f"big.{{kind}}").read_bytes()
Image.fromarray(255 - image).save("in.png")
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
second = run(kind, "-q", "--overwrite")
third = main(["in.png", "-q", "-o", f"out/new.{{kind}}", "-s", "2"])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if (out / f"big.{{kind}}").read_bytes() != old:
    raise SystemExit("the old file has changed")
if names() != [f"big.{{kind}}"]:
    raise SystemExit(f"something was left behind: {{names()}}")
check((first, second, third) == (0, 1, 1), whole(kind))
"""
    run = run_command(code)
    assert (run.returncode, run.stdout) == (0, "right\n"), run.stderr
    lines = run.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"lutsr: out/big.{kind}: cannot be written: ")
    assert lines[1].startswith(f"lutsr: out/new.{kind}: cannot be written: ")


def test_the_output_folder_vanishes_before_the_write(run_command):
    code = """
upscale = lutsr.Upscaler.__call__

def slowly(*args, **options):
    shutil.rmtree(out, ignore_errors=True)
    return upscale(*args, **options)

lutsr.Upscaler.__call__ = slowly
check(run("png") == 1, not out.exists())
"""
    run = run_command(code)
    assert (run.returncode, run.stdout) == (0, "right\n"), run.stderr
    assert run.stderr.startswith("lutsr: out/big.png: cannot be written: ")
    assert len(run.stderr.splitlines()) == 1


def test_the_output_folder_vanishes_before_the_file_gets_its_name(run_command):
    code = """
replace = os.replace

def late(source, target):
    shutil.rmtree(out)
    replace(source, target)

os.replace = late
check(run("png") == 1, not out.exists())
"""
    run = run_command(code)
    assert (run.returncode, run.stdout) == (0, "right\n"), run.stderr
    assert run.stderr.startswith("lutsr: out/big.png: cannot be written: ")


def test_an_input_vanishes_before_it_is_read(run_command):
    code = """
import lutsr.cli._batch
plan = lutsr.cli._batch.plan

def late(*args, **options):
    found = plan(*args, **options)
    os.remove("in.png")
    return found

lutsr.cli._batch.plan = late
check(run("png") == 1, names() == [])
"""
    run = run_command(code)
    assert (run.returncode, run.stdout) == (0, "right\n"), run.stderr
    assert run.stderr.startswith("lutsr: in.png: cannot be opened: ")


def test_a_loaded_table_outlives_its_file(tmp_path, table_file, random_lut):
    path = table_file(random_lut(2))
    up = lutsr.load(path)
    path.unlink()
    path.with_suffix(".json").unlink()
    image = random_lut(2)[:30, :30, 0, 0, 0].view("uint8")
    want = lutsr.reference.upscale(image, up)
    assert (up(image) == want).all()


@pytest.mark.parametrize("step", [-3600.0, 1e9])
def test_clocks_jump(run_command, step):
    code = f"""
import time
for name in ("time", "monotonic", "perf_counter"):
    jumps = iter(range(10**9))
    clock = getattr(time, name)
    setattr(time, name, lambda clock=clock, jumps=jumps: clock() + {step} * next(jumps))
os.utime("in.png", (0, 4_000_000_000))
done = [run(kind, "-q") for kind in ("png", "tif")]
again = run("png", "-v", "--overwrite")
sys.stdout.flush()
check(done == [0, 0], again == 0, whole("png"), whole("tif"))
"""
    run = run_command(code)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("right\n")


@pytest.mark.parametrize("started", [0, 1])
def test_no_memory_for_another_thread(monkeypatch, started):
    image = np.random.default_rng(0).integers(0, 256, (1000, 1200), np.uint8)
    wanted = lutsr.upscale(image, 2, workers=1), lutsr.resize(image, (700, 900), workers=1)
    start, left = _thread.start_new_thread, [started]

    def start_few(*arguments):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(*arguments)

    monkeypatch.setattr(_thread, "start_new_thread", start_few)
    big = lutsr.upscale(image, 2, workers=16)
    left[0] = started
    small = lutsr.resize(image, (700, 900), workers=16)
    assert np.array_equal(big, wanted[0])
    assert np.array_equal(small, wanted[1])
