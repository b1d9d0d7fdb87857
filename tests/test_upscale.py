"""The public functions on the shipped table, and their errors for wrong arguments."""

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import lutsr
from lutsr import reference
from lutsr._eclut.reference import upscale_reference
from lutsr._modelinfo import DEFAULT_MODEL

ECLUT = [model for model in lutsr.models() if model.family == "eclut"]


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(5).integers(0, 256, (37, 29, 3), dtype=np.uint8)


def test_shipped_table_equals_the_reference(image):
    image = image[:19, :16]
    for model in lutsr.models():
        up = lutsr.load(model.name, model.scale)
        want = reference.upscale(image, up, channel_axis=-1)
        got = lutsr.upscale(image, model.scale, model=model.name, channel_axis=-1)
        assert np.array_equal(got, want)


def test_shipped_table_beats_bicubic_on_a_photograph():
    data = pytest.importorskip("skimage.data")
    metrics = pytest.importorskip("skimage.metrics")
    Image = pytest.importorskip("PIL.Image")
    original = data.astronaut()
    small = Image.fromarray(original).resize((128, 128), Image.Resampling.BICUBIC)
    bicubic = np.asarray(small.resize((512, 512), Image.Resampling.BICUBIC))
    big = lutsr.upscale(np.asarray(small), 4, channel_axis=-1)
    psnr = metrics.peak_signal_noise_ratio
    assert psnr(original, big) > psnr(original, bicubic) + 0.5


@pytest.mark.parametrize("model", ECLUT, ids=lambda m: f"{m.name}_x{m.scale}")
def test_turned_and_mirrored_images(model, image):
    up = partial(lutsr.load(model.name, model.scale), channel_axis=-1)
    big = up(image)
    assert np.array_equal(up(np.rot90(image)), np.rot90(big))
    # At the borders a mirrored image's result is only nearly the mirrored one.
    inside = np.s_[2 * model.scale : -2 * model.scale, 2 * model.scale : -2 * model.scale]
    assert np.array_equal(up(image[:, ::-1])[inside], big[:, ::-1][inside])
    assert np.array_equal(up(image[::-1])[inside], big[::-1][inside])


@pytest.mark.parametrize("model", lutsr.models(), ids=lambda m: f"{m.name}_x{m.scale}")
def test_flat_images_stay_flat(model):
    # Exact everywhere: no change of colour, no pattern of dots, no wrong levels at the borders.
    levels = np.arange(256, dtype=np.uint8)
    up = lutsr.load(model.name, model.scale)
    for height, width in [(9, 9), (2, 2), (2, 6), (3, 2)]:
        big = up(np.tile(levels, (height, width, 1)), channel_axis=-1)
        assert (big == levels).all()
    for level in (0, 1, 12_345, 65_535):  # and between the table's levels
        assert (up(np.full((9, 7), level, np.uint16)) == level).all()
    for dtype in (np.float32, np.float64):
        values = np.linspace(0, 1, 101, dtype=dtype)
        error = up(np.tile(values, (5, 5, 1)), channel_axis=-1) - values
        assert np.abs(error).max() < 1 / 255 / 16_000  # the steps that floats are rounded to


@pytest.mark.parametrize("model", ECLUT, ids=lambda m: f"{m.name}_x{m.scale}")
def test_shipped_tables_run_on_8_bit_fused_tables(model):
    up = lutsr.load(model.name, model.scale)
    fused = up._engine.fused
    assert fused.vertical.dtype == fused.horizontal.dtype == np.int8


def test_the_default_is_the_same_everywhere_and_first_in_lists():
    import inspect

    from lutsr.cli._arguments import main_parser
    from lutsr.cli._upscale import FrameUpscaler

    assert DEFAULT_MODEL == "ecnn"
    calls = [lutsr.upscale, lutsr.load, lutsr.resize]
    if importlib.util.find_spec("dask"):
        calls.append(importlib.import_module("lutsr.dask").upscale)
    for call in calls:
        assert inspect.signature(call).parameters["model"].default == DEFAULT_MODEL
    assert FrameUpscaler(main_parser().parse_args([]))._upscaler.name == DEFAULT_MODEL
    names = list(dict.fromkeys(model.name for model in lutsr.models()))
    assert names == ["ecnn", "ecnn-large", "ecnn-photo", "ecnn-small", "eclut", "eclut-fast"]


def test_path_as_model(table_file, random_lut, image):
    path = table_file(random_lut(2))
    want = upscale_reference(image, random_lut(2), expand_shift=2, channel_axis=2)
    assert np.array_equal(lutsr.upscale(image, 2, model=path, channel_axis=2), want)
    assert np.array_equal(lutsr.upscale(image, 2, model=str(path), channel_axis=2), want)


def test_nested_lists_are_images_when_their_dtype_is_right():
    assert lutsr.upscale([[np.uint8(3)]], 4).shape == (4, 4)


@pytest.mark.parametrize("model", [DEFAULT_MODEL, "eclut"])
def test_one_upscaler_in_many_threads(model, image):
    up = lutsr.load(model, 4)
    want = up(image, channel_axis=-1)
    with ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda k: up(image, channel_axis=-1, workers=k % 3 + 1), range(32))
        assert all(np.array_equal(big, want) for big in results)


GREY = np.zeros((4, 5), np.uint8)
RGB = np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"image": RGB}, ValueError, "pass channel_axis=-1"),
        ({"image": GREY[0]}, ValueError, r"shape \(5,\), wanted \(H, W\)"),
        ({"image": RGB[None]}, ValueError, r"shape \(1, 4, 5, 3\), wanted \(H, W\)"),
        ({"image": GREY, "channel_axis": -1}, ValueError, "wanted three axes"),
        ({"image": RGB, "channel_axis": 3}, ValueError, "channel_axis: got 3"),
        ({"image": RGB, "channel_axis": -4}, ValueError, "channel_axis: got -4"),
        ({"image": RGB, "channel_axis": 1.0}, TypeError, "channel_axis: got 1.0"),
        ({"image": RGB, "channel_axis": True}, TypeError, "channel_axis: got True"),
        ({"image": RGB[None]}, ValueError, r"as in channel_axis=\(0, -1\)"),
        ({"image": RGB[None], "channel_axis": 0}, ValueError, "wanted three axes with .*=0: all"),
        ({"image": RGB, "channel_axis": (0, 1)}, ValueError, r"wanted four axes with .*=\(0, 1\)"),
        ({"image": RGB[None], "channel_axis": (0, -4)}, ValueError, "names an axis twice"),
        ({"image": RGB[None], "channel_axis": (0, 4)}, ValueError, r"got 4, wanted -4\.\.3"),
        ({"image": RGB[None], "channel_axis": (0, 1.0)}, TypeError, "channel_axis: got 1.0"),
        ({"image": RGB, "channel_axis": ()}, ValueError, "wanted two axes"),
        ({"image": GREY[:0]}, ValueError, "empty axis"),
        ({"image": RGB[..., :0], "channel_axis": -1}, ValueError, "empty axis"),
        ({"scale": 5}, ValueError, r"scale: got 5, and model 'ecnn' has .*4"),
        ({"scale": 0}, ValueError, "scale: got 0"),
        ({"scale": 4.0}, TypeError, "scale: got 4.0, wanted an integer"),
        ({"scale": None}, ValueError, "scale: needed"),
        ({"model": "nope"}, ValueError, "model: 'nope' is not shipped; there is 'ecnn', 'ecnn-l"),
        ({"model": 3}, TypeError, "model: got int"),
        ({"image": RGB, "channel_axis": -1, "alpha": 1}, TypeError, "alpha: got 1, wanted True"),
        ({"image": GREY, "alpha": True}, ValueError, "alpha: a 2-D image has no alpha"),
        (
            {"image": RGB, "channel_axis": -1, "alpha": True},
            ValueError,
            "3 channels, wanted 2",
        ),
        ({"image": RGB, "channel_axis": -1, "rgb": 1}, TypeError, "rgb: got 1, wanted True or"),
        ({"image": GREY, "rgb": True}, ValueError, "rgb: a 2-D image has no colours; pass chann"),
        (
            {"image": RGB, "channel_axis": 0, "rgb": True},
            ValueError,
            r"rgb: the image has 4 channels, wanted 3 \(RGB\); if the last one is alpha",
        ),
        (
            {"image": RGB[..., :2], "channel_axis": -1, "rgb": True, "alpha": True},
            ValueError,
            r"rgb: the image has 2 channels, wanted 4 \(RGB and alpha\); .* pass rgb=False",
        ),
        ({"workers": 0}, ValueError, "workers: got 0"),
        ({"workers": -1}, ValueError, "workers: got -1"),
        ({"workers": 1.5}, TypeError, "workers: got 1.5"),
        ({"out": [1]}, TypeError, "out: got list"),
        ({"out": np.zeros((16, 21), np.uint8)}, ValueError, "out: got uint8 of shape"),
        ({"out": np.zeros((16, 20), np.int8)}, ValueError, "out: got int8 of shape"),
        ({"out": np.broadcast_to(np.uint8(0), (16, 20))}, ValueError, "read-only"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    arguments = {"image": GREY, "scale": 4} | arguments
    with pytest.raises(error, match=message):
        lutsr.upscale(arguments.pop("image"), arguments.pop("scale"), **arguments)


def test_out_must_not_share_memory_with_the_image():
    out = np.zeros((16, 20), np.uint8)
    with pytest.raises(ValueError, match="shares memory"):
        lutsr.upscale(out[:4, :5], 4, out=out)


def test_import_is_cheap_and_never_needs_more_than_numpy_and_numba():
    code = (
        "import sys, numpy, lutsr\n"
        "heavy = {'torch', 'PIL', 'skimage'}\n"
        "assert not (heavy | {'numba'}) & set(sys.modules), set(sys.modules)\n"
        "lutsr.upscale(numpy.zeros((9, 9), numpy.uint8), 4)\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("variable", ["NUMBA_DISABLE_JIT", "NUMBA_CACHE_DIR"])
def test_without_jit_and_without_a_cache(variable):
    code = (
        "import numpy as np, lutsr\n"
        "from lutsr.reference import upscale_reference\n"
        "image = np.random.default_rng(0).integers(0, 256, (6, 7), dtype=np.uint8)\n"
        "up = lutsr.load('eclut', 4)\n"
        "want = upscale_reference(image, up.tables['lut'], **up.parameters)\n"
        "assert np.array_equal(up(image), want)\n"
    )
    value = {"NUMBA_DISABLE_JIT": "1", "NUMBA_CACHE_DIR": "/dev/null/nowhere"}[variable]
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": "", variable: value},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
