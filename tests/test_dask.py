"""lutsr.dask: the whole image's result to the bit, whatever the chunks and the scheduler."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lutsr

pytest.importorskip("dask.array", reason='needs the extra "dask"')
import cloudpickle
import dask
import dask.array as da

import lutsr.dask
from lutsr._modelfile import write_model

from .chain.models import ecnn, two_stages
from .conftest import ROOT
from .test_any_arguments import OPTIONS, anything, arrays, call

DTYPES = ("uint8", "uint16", "float16", "float32", "float64", ">u2", ">f4")


def make_image(shape, dtype, seed=0):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind == "u":
        return rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    return rng.random(shape).astype(dtype)


@pytest.fixture(scope="module")
def harsh_tables(tmp_path_factory, random_lut):
    """Return tables in which every tap matters, for both `expand_shift`, with upscalers."""
    folder = tmp_path_factory.mktemp("tables")
    found = []
    for shift in (1, 2):
        path = folder / f"harsh{shift}_x2.npy"
        np.save(path, random_lut(2, "extremes"))
        card = {
            "format_version": 1,
            "model": f"harsh{shift}",
            "scale": 2,
            "expand_shift": shift,
            "shift": 2,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "metrics": {},
        }
        path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
        found.append((path, lutsr.load(path)))
    return found


@st.composite
def chunked(draw, most=17):
    """Draw the chunks of an axis, some shorter than the pixels around them, even empty ones."""
    chunks = draw(st.lists(st.integers(0, most), min_size=1, max_size=5).filter(any))
    return tuple(chunks)


@settings(max_examples=70)
@given(
    rows=chunked(),
    columns=chunked(),
    channels=st.none() | chunked(most=3),
    axis=st.integers(-3, 2),
    dtype=st.sampled_from(DTYPES),
    reach=st.integers(0, 1),
)
def test_equals_the_whole_image_for_any_chunks(
    harsh_tables, rows, columns, channels, axis, dtype, reach
):
    path, up = harsh_tables[reach]
    chunks = [rows, columns]
    if channels is None:
        axis = None
    else:
        chunks.insert(axis % 3, channels)
    image = make_image([sum(lengths) for lengths in chunks], dtype)
    result = lutsr.dask.upscale(
        da.from_array(image, chunks=tuple(chunks)), 2, model=path, channel_axis=axis
    )
    want = up(image, channel_axis=axis)
    assert (result.shape, result.dtype, result._meta.dtype) == (want.shape, want.dtype, want.dtype)
    for k, lengths in enumerate(chunks):
        longer = 1 if axis is not None and k == axis % 3 else 2
        assert result.chunks[k] == tuple(n * longer for n in lengths)
    got = result.compute(scheduler="synchronous")
    assert got.dtype == want.dtype
    assert np.array_equal(got, want)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("model", ["ecnn", "eclut", "eclut-fast"])
def test_shipped_models_in_small_chunks(model, scale):
    image = make_image((61, 53, 3), "uint8")
    result = lutsr.dask.upscale(
        da.from_array(image, chunks=(7, 9, 3)), scale, model=model, channel_axis=-1
    )
    assert np.array_equal(
        result.compute(), lutsr.upscale(image, scale, model=model, channel_axis=-1)
    )


def test_every_chunk_has_its_announced_shape():
    result = lutsr.dask.upscale(da.zeros((20, 30), dtype=np.uint8, chunks=((1, 3, 16), 7)), 3)
    for block, shape in (
        (result.blocks[i, j], (3 * n, 3 * m))
        for i, n in enumerate((1, 3, 16))
        for j, m in enumerate((7, 7, 7, 7, 2))
    ):
        assert block.compute(scheduler="synchronous").shape == shape


def test_nothing_is_computed_before_it_is_asked_for():
    def read(block):
        raise AssertionError("computed too early")

    image = da.map_blocks(read, da.zeros((50, 50), dtype=np.uint8, chunks=25), dtype=np.uint8)
    result = lutsr.dask.upscale(image, 2)
    with pytest.raises(AssertionError, match="computed too early"):
        result.compute(scheduler="synchronous")


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_schedulers(scheduler):
    image = make_image((90, 80), "uint16")
    result = lutsr.dask.upscale(da.from_array(image, chunks=(31, 33)), 2)
    got = result.compute(scheduler=scheduler, num_workers=2)
    assert np.array_equal(got, lutsr.upscale(image, 2))


def test_distributed_loads_the_table_once_per_process(tmp_path):
    distributed = pytest.importorskip("distributed", reason='needs the dependency group "test"')
    image = make_image((120, 100, 3), "uint8")
    want = lutsr.upscale(image, 4, channel_axis=-1)
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path),
    )
    with cluster, distributed.Client(cluster) as client:
        chunks = da.from_array(image, chunks=(23, 31, 3))
        result = lutsr.dask.upscale(chunks, 4, channel_axis=-1)
        assert np.array_equal(result.compute(), want)
        for loads in client.run(lambda: lutsr.dask._load.cache_info()).values():
            assert loads.misses == 1
            assert loads.hits > 0


def test_tables_stay_out_of_the_graph(harsh_tables):
    path, up = harsh_tables[0]
    result = lutsr.dask.upscale(da.zeros((400, 400), dtype=np.uint8, chunks=100), 2, model=path)
    (optimized,) = dask.optimize(result)
    for graph in (result, optimized):
        assert len(cloudpickle.dumps(graph)) < 100_000 < up.tables["lut"].nbytes


def test_the_same_request_has_the_same_name():
    image = da.zeros((40, 40), dtype=np.uint8, chunks=20)
    assert lutsr.dask.upscale(image, 2).name == lutsr.dask.upscale(image, 2).name
    assert lutsr.dask.upscale(image, 2).name != lutsr.dask.upscale(image, 3).name


def test_from_zarr_to_zarr(tmp_path):
    zarr = pytest.importorskip("zarr", reason='needs the extra "dask"')
    image = make_image((70, 90, 3), "uint16")
    source = zarr.create_array(
        str(tmp_path / "in.zarr"), shape=image.shape, chunks=(32, 32, 3), dtype=image.dtype
    )
    source[:] = image
    result = lutsr.dask.upscale(da.from_zarr(source), 2, channel_axis=-1)
    da.to_zarr(result, str(tmp_path / "out.zarr"))
    written = zarr.open_array(str(tmp_path / "out.zarr"), mode="r")
    assert written.chunks == (64, 64, 3)
    assert np.array_equal(written[:], lutsr.upscale(image, 2, channel_axis=-1))


def test_the_example_of_a_large_image(tmp_path):
    zarr = pytest.importorskip("zarr", reason='needs the extra "dask"')
    pytest.importorskip("resource", reason="the example tells its memory by it")
    example = ROOT / "docs" / "examples_dask.py"
    command = [sys.executable, "-W", "error", example, "in.zarr", "out.zarr", "--make", "1100"]
    run = subprocess.run(
        [*command, "--scale", "2"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "(1100, 1100) of uint8 to (2200, 2200)" in run.stdout
    image, big = (zarr.open_array(str(tmp_path / f"{n}.zarr"), mode="r")[:] for n in ("in", "out"))
    assert np.array_equal(big, lutsr.upscale(image, 2))


def test_a_table_replaced_meanwhile_is_not_used(table_file, random_lut):
    path = table_file(random_lut(2))
    result = lutsr.dask.upscale(da.zeros((9, 9), dtype=np.uint8, chunks=5), 2, model=path)
    assert table_file(random_lut(2, "extremes")) == path
    with pytest.raises(ValueError, match=r"model: the table of '.*mine_x2\.npy' x2 is not the one"):
        result.compute(scheduler="synchronous")


def test_a_table_that_is_gone_is_named(table_file, random_lut):
    path = table_file(random_lut(2, "middle"))
    result = lutsr.dask.upscale(da.zeros((9, 9), dtype=np.uint8, chunks=5), 2, model=path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"mine_x2\.npy: no such table file"):
        result.compute(scheduler="synchronous")


def test_floats_out_of_range_name_the_chunk():
    image = make_image((20, 20), "float32")
    image[15, 3] = np.nan
    result = lutsr.dask.upscale(da.from_array(image, chunks=10), 2, model="eclut")
    with pytest.raises(ValueError, match=r"chunk \(1, 0\): image: has NaN or infinite values"):
        result.compute(scheduler="synchronous")


@pytest.mark.parametrize(
    ("image", "arguments", "error", "message"),
    [
        (np.zeros((5, 5), np.uint8), {}, TypeError, "darray: got ndarray, wanted a dask array"),
        (da.zeros((5, 5), dtype=np.int32), {}, TypeError, "image: got dtype int32"),
        (da.zeros((5, 5, 3), dtype=np.uint8), {}, ValueError, "pass channel_axis=-1"),
        (da.zeros((5, 5), dtype=np.uint8), {"channel_axis": 0}, ValueError, "wanted three axes"),
        (da.zeros((5, 0), dtype=np.uint8), {}, ValueError, r"shape \(5, 0\) has an empty axis"),
        (da.zeros((5, 5), dtype=np.uint8), {"rgb": True}, ValueError, "rgb: a 2-D image has no"),
        (da.zeros((5, 5), dtype=np.uint8), {"scale": 7}, ValueError, "scale: got 7"),
        (da.zeros((5, 5), dtype=np.uint8), {"scale": "2"}, TypeError, "scale: got '2'"),
        (
            da.zeros((5, 5), dtype=np.uint8),
            {"model": "none"},
            ValueError,
            "model: 'none' is not shipped",
        ),
        (da.zeros((5, 5), dtype=np.uint8), {"model": 7}, TypeError, "model: got int"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_computed(image, arguments, error, message):
    with pytest.raises(error, match=message):
        lutsr.dask.upscale(image, **({"scale": 2} | arguments))


@given(
    arrays().map(lambda image: da.from_array(np.asarray(image), chunks=2)) | anything,
    st.integers(1, 5) | anything,
    st.fixed_dictionaries(
        {},
        optional={
            name: OPTIONS[name] for name in ("model", "channel_axis", "rgb", "preserve_range")
        },
    ),
)
def test_any_arguments(image, scale, options):
    call(lambda: lutsr.dask.upscale(image, scale, **options).compute(scheduler="synchronous"))


def test_unknown_chunks_are_refused():
    image = da.zeros((10, 10), dtype=np.uint8, chunks=5)
    with pytest.raises(ValueError, match=r"darray: shape .* call darray\.compute_chunk_sizes"):
        lutsr.dask.upscale(image[image[:, 0] > 0], 2)


def test_without_dask_the_error_says_what_to_install():
    code = "import sys; sys.modules['dask'] = None; import lutsr.dask"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert 'pip install "lutsr[dask]"' in run.stderr.splitlines()[-1]


def test_importing_lutsr_does_not_import_dask():
    code = "import sys, lutsr; sys.exit('dask' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("axes", [(0, 1), (0, -1), (3, 2)])
def test_stacks(harsh_tables, axes):
    path, up = harsh_tables[1]
    stack = np.moveaxis(make_image((2, 3, 20, 17), "uint16"), (0, 1), axes)
    result = lutsr.dask.upscale(da.from_array(stack, chunks=7), 2, model=path, channel_axis=axes)
    assert result.shape == up(stack, channel_axis=axes).shape
    assert np.array_equal(result.compute(), up(stack, channel_axis=axes))


@pytest.mark.parametrize("chunks", [(20, 17, 3), (7, 5, 1), (6, 17, 2)])
def test_rgb_in_chunks_of_any_channels(tmp_path, chunks):
    path = tmp_path / "stack_x2.npy"
    write_model(path, ecnn())
    image, up = make_image((20, 17, 3), "uint8"), lutsr.load(path)
    wanted = up(image, channel_axis=-1, rgb=True)
    assert not np.array_equal(wanted, up(image, channel_axis=-1))
    for axis in (-1, 0):
        darray = da.moveaxis(da.from_array(image, chunks=chunks), -1, axis)
        result = lutsr.dask.upscale(darray, 2, model=path, channel_axis=axis, rgb=True)
        assert result.chunks[axis] == darray.chunks[axis]
        assert np.array_equal(np.moveaxis(result.compute(), axis, -1), wanted)


def test_a_model_of_8_bits_is_checked_when_the_computation_is_set_up(tmp_path):
    path = tmp_path / "two_stages_x2.npy"
    write_model(path, two_stages())
    with pytest.raises(TypeError, match="image: got uint16, and model 'two-stages' is defined on"):
        lutsr.dask.upscale(da.zeros((9, 9), dtype=np.uint16), 2, model=path)
