"""Outputs and inputs that are not in memory: the same integers, in little memory."""

import subprocess
import sys

import numpy as np
import pytest

import lutsr
from lutsr._frame import bands, sink


class Sink:
    """An output with the interface of a zarr array, which records how it is used."""

    def __init__(self, shape, dtype, chunks=None):
        self.data, self.bands = np.zeros(shape, dtype), []
        self.shape, self.dtype = shape, np.dtype(dtype)
        if chunks:
            self.chunks = chunks

    def __setitem__(self, where, values):
        self.bands.append(where)
        self.data[where] = values


@pytest.fixture
def small_bands(monkeypatch):
    monkeypatch.setattr(sink, "BAND_BYTES", 1)
    monkeypatch.setattr(bands, "CHUNK_BYTES", 1)
    monkeypatch.setattr(bands, "CHUNK_HALOS", 0)


@pytest.mark.usefixtures("small_bands")
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_any_sink(dtype, axis):
    rng = np.random.default_rng(1)
    image = rng.random((4, 23, 17) if axis is not None else (23, 17))
    image = np.moveaxis(image, 0, axis) if axis is not None else image
    image = image.astype(dtype) if dtype[0] == "f" else (image * 255).astype(dtype)
    alpha = axis is not None
    whole = lutsr.upscale(image, 3, channel_axis=axis, alpha=alpha)
    sink = Sink(whole.shape, dtype)
    assert lutsr.upscale(image, 3, channel_axis=axis, alpha=alpha, out=sink) is sink
    assert np.array_equal(sink.data, whole)
    assert len(sink.bands) == 23


def test_hidden_colours_do_not_depend_on_bands(small_bands):
    image = np.random.default_rng(2).integers(0, 256, (40, 20, 4), dtype=np.uint8)
    image[8:33, :, 3] = 0
    whole = lutsr.upscale(image, 2, channel_axis=-1, alpha=True)
    sink = Sink(whole.shape, "uint8")
    lutsr.upscale(image, 2, channel_axis=-1, alpha=True, out=sink)
    assert np.array_equal(sink.data, whole)


@pytest.mark.parametrize(("chunk", "rows"), [(8, 8), (10, 20), (7, 28), (64, 64)])
def test_chunks_are_written_whole(small_bands, chunk, rows):
    image = np.random.default_rng(3).integers(0, 256, (30, 9), dtype=np.uint8)
    sink = Sink((120, 36), "uint8", (chunk, 36))
    lutsr.upscale(image, 4, out=sink)
    assert np.array_equal(sink.data, lutsr.upscale(image, 4))
    starts = [where[0].start for where in sink.bands]
    assert starts == list(range(0, 120, rows))


def test_zarr(tmp_path):
    zarr = pytest.importorskip("zarr", reason="needs zarr, which the dask extra brings")
    image = np.random.default_rng(4).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    out = zarr.open(
        str(tmp_path / "big.zarr"), mode="w", shape=(200, 160, 3), chunks=(64, 64, 3), dtype="u1"
    )
    lutsr.upscale(image, 4, channel_axis=-1, out=out)
    assert np.array_equal(out[:], lutsr.upscale(image, 4, channel_axis=-1))


@pytest.mark.parametrize(
    ("sink", "error", "text"),
    [
        ([0] * 36, TypeError, "out: got list, wanted a numpy array"),
        (Sink((6, 7), "uint8"), ValueError, r"out: got uint8 of shape \(6, 7\), wanted uint8"),
        (Sink((6, 6), "uint16"), ValueError, r"out: got uint16 of shape \(6, 6\), wanted uint8"),
    ],
)
def test_wrong_sinks(sink, error, text):
    with pytest.raises(error, match=text):
        lutsr.upscale(np.zeros((3, 3), np.uint8), 2, out=sink)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", ">f4"])
@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_maps(tmp_path, dtype, mode):
    rng = np.random.default_rng(5)
    pixels = (rng.integers(0, 256, (70, 50)) / (255 if "f" in dtype else 1)).astype(dtype)
    np.save(tmp_path / "in.npy", pixels)
    image = np.load(tmp_path / "in.npy", mmap_mode=mode)
    if mode == "c":  # changes of a private mapping are in memory only: they must stay
        image[:5] = pixels[5:10]
    wanted = lutsr.upscale(np.array(image), 3)
    out = np.lib.format.open_memmap(
        tmp_path / "out.npy", "w+", wanted.dtype, shape=wanted.shape, fortran_order=True
    )
    assert lutsr.upscale(image, 3, out=out) is out
    assert np.array_equal(out, wanted)
    if mode == "c":
        assert np.array_equal(image[:5], pixels[5:10])
    out.flush()
    assert np.array_equal(np.load(tmp_path / "out.npy"), wanted)


PROGRAM = """
import resource, sys
import numpy as np
import lutsr
folder, side = sys.argv[1], int(sys.argv[2])
image = np.load(folder + "/in.npy", mmap_mode="r")
out = np.lib.format.open_memmap(folder + "/out.npy", "w+", np.uint8, shape=(4 * side, 4 * side))
lutsr.upscale(np.array(image[:40, :40]), 4)  # memory for compiling is not counted
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))
limit = status("VmData") + (48 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
open("/proc/self/clear_refs", "w").write("5")
before = resident()
lutsr.upscale(image, 4, out=out)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self")
def test_a_large_image_on_disk_takes_little_memory(tmp_path):
    side = 3000  # 144 MB of output, three times what the process may allocate
    rng = np.random.default_rng(6)
    np.save(tmp_path / "in.npy", rng.integers(0, 256, (side, side), dtype=np.uint8))
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(side)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert int(run.stdout) < 40 << 20
    image, out = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("in", "out"))
    halo = lutsr.load(scale=4).halo
    for rows in (slice(0, 90), slice(1500, 1590), slice(2910, 3000)):
        part = lutsr.upscale(np.array(image[max(rows.start - halo, 0) : rows.stop + halo]), 4)
        above = min(rows.start, halo) * 4
        wanted = part[above : above + 360]
        assert np.array_equal(out[rows.start * 4 : rows.stop * 4], wanted)


def test_halo_decides_a_tile():
    for model in ("eclut", "eclut-fast"):
        up = lutsr.load(model, 3)
        assert up.halo == 2
        image = np.random.default_rng(7).integers(0, 256, (31, 33), dtype=np.uint8)
        whole = up(image)
        tile = up(
            np.ascontiguousarray(image[9 - up.halo : 14 + up.halo, 5 - up.halo : 20 + up.halo])
        )
        trim = 3 * up.halo
        assert np.array_equal(tile[trim:-trim, trim:-trim], whole[27:42, 15:60])
