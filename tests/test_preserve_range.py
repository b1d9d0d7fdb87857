"""Floats beyond [0, 1], scaled into it, upscaled and scaled back."""

import numpy as np
import pytest

import lutsr
from lutsr import reference
from lutsr._frame import ranges

RNG = np.random.default_rng(3)
IMAGES = {
    "z-scores": RNG.normal(size=(11, 9, 3)),
    "counts": RNG.poisson(900, (11, 9, 3)).astype(np.float32),
    "half precision": (RNG.random((11, 9, 3)) * 300 - 100).astype(np.float16),
    "byte-swapped": (RNG.random((11, 9, 3)) * 60_000).astype(">f4"),
    "nearly one value": 7 + RNG.integers(0, 3, (11, 9, 3)) * np.spacing(7.0),
    "nearly all doubles": np.where(RNG.random((11, 9, 3)) < 0.5, -1.7e308, 1.7e308),
}
OPTIONS = {"channel_axis": -1, "preserve_range": True}


@pytest.fixture(scope="module")
def up():
    return lutsr.load("eclut", 2)


@pytest.mark.parametrize("name", IMAGES)
def test_all_ways_give_what_is_scaled_in_and_back(up, name):
    image = IMAGES[name]
    before = image.copy()
    big = up(image, **OPTIONS)
    low, high = float(image.min()), float(image.max())
    length = high / 2 - low / 2
    unit = ((image.astype(np.float64) / 2 - low / 2) / length).astype(big.dtype)
    wanted = up(unit, channel_axis=-1) * length * 2 + low if length < 1e300 else big
    np.testing.assert_allclose(big, wanted, rtol=1e-6, atol=4e-7 * length)
    assert low <= big.min() <= big.max() <= high
    assert big.dtype == (np.float64 if image.dtype == np.float64 else np.float32)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(reference.upscale(image, up, **OPTIONS), big)
    np.testing.assert_array_equal(lutsr.upscale(image, 2, model="eclut", **OPTIONS), big)
    np.testing.assert_array_equal(lutsr.resize(image, (22, 18), model="eclut", **OPTIONS), big)
    out = np.empty_like(big)
    assert up(image, **OPTIONS, out=out) is out
    np.testing.assert_array_equal(out, big)


def test_a_constant_image_stays_exactly_so(up):
    for value in (7.3, -1e-3, 1e30):
        assert (up(np.full((5, 6), value), preserve_range=True) == value).all()


def test_one_range_for_a_stack_and_for_all_channels(up):
    stack = np.stack([RNG.random((9, 8)) * 5, RNG.random((9, 8)) * 500])
    big = up(stack, channel_axis=0, preserve_range=True)
    low, length = stack.min(), np.ptp(stack)
    alone = up((stack[0] - low) / length) * length + low
    assert np.abs(big[0] - alone).max() < 500 / 1e6
    assert np.abs(big[0] - up(stack[0], preserve_range=True)).max() > 500 / 1e6


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("alpha", [False, True])
def test_images_within_the_range_are_as_without(up, dtype, alpha):
    image = RNG.random((9, 8, 4))
    image = image.astype(dtype) if dtype[0] == "f" else (image * 255).astype(dtype)
    options = {"channel_axis": -1, "alpha": alpha}
    np.testing.assert_array_equal(up(image, **options, preserve_range=True), up(image, **options))


class Sink:
    """An output that takes assignments only, as zarr's arrays."""

    def __init__(self, shape, dtype):
        self.array = np.full(shape, np.nan, dtype)
        self.shape, self.dtype = shape, self.array.dtype

    def __setitem__(self, key, value):
        self.array[key] = value


def test_outputs_that_are_written_in_bands(up, monkeypatch):
    monkeypatch.setattr("lutsr._frame.sink.BAND_BYTES", 2000)
    monkeypatch.setattr(ranges, "CHECKED_VALUES", 20)
    image = IMAGES["z-scores"]
    out = Sink((22, 18, 3), np.float64)
    assert up(image, **OPTIONS, out=out) is out
    np.testing.assert_array_equal(out.array, reference.upscale(image, up, **OPTIONS))


def test_resize_copies_and_reduces(up):
    image = IMAGES["z-scores"]
    same = lutsr.resize(image, (11, 9), model="eclut", **OPTIONS)
    np.testing.assert_array_equal(same, image)
    assert not np.may_share_memory(same, image)
    small = lutsr.resize(image, (5, 4), model="eclut", **OPTIONS)
    assert image.min() <= small.min() < 0 < small.max() <= image.max()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(up, bad):
    image = np.array([[0, bad], [7, 9]])
    with pytest.raises(ValueError, match="NaN or infinite values, wanted finite floats; replace"):
        up(image, preserve_range=True)


def test_alpha_has_its_own_range(up):
    image = np.full((3, 3, 4), 7.0)
    with pytest.raises(ValueError, match=r"preserve_range: .*\[7, 7\].* in two calls"):
        up(image, **OPTIONS, alpha=True)


def test_dask_uses_the_range_of_the_whole(up):
    da = pytest.importorskip("dask.array")
    import lutsr.dask

    for name in ("z-scores", "counts", "half precision"):
        image = IMAGES[name]
        lazy = lutsr.dask.upscale(da.from_array(image, chunks=5), 2, model="eclut", **OPTIONS)
        assert lazy.dtype == up(image, **OPTIONS).dtype
        np.testing.assert_array_equal(lazy.compute(), up(image, **OPTIONS))
    unit = IMAGES["counts"] / 2000
    lazy = lutsr.dask.upscale(da.from_array(unit, chunks=5), 2, model="eclut", **OPTIONS)
    np.testing.assert_array_equal(lazy.compute(), up(unit, channel_axis=-1))


def test_dask_arrays_of_masked_arrays_are_refused():
    da = pytest.importorskip("dask.array")
    import lutsr.dask

    image = np.ma.array(np.zeros((4, 5), np.uint8), mask=np.eye(4, 5, dtype=bool))
    for array in (da.from_array(image), da.ma.masked_equal(da.zeros((4, 5), dtype=np.uint8), 0)):
        with pytest.raises(TypeError, match="darray: got chunks that are masked arrays"):
            lutsr.dask.upscale(array, 2)
