"""The kernel of reduction gives the values of its twin in plain NumPy, bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lutsr._reduce import reference, run
from lutsr._reduce.filters import lanczos_filter

TYPES = ["uint8", "uint16", "float32", "float64"]


def white(dtype):
    return 1 if dtype[0] == "f" else np.iinfo(dtype).max


def random_image(shape, dtype, seed=0):
    image = np.random.default_rng(seed).random(shape) * white(dtype)
    return np.rint(image).astype(dtype) if dtype[0] == "u" else image.astype(dtype)


def guarded(shape, dtype):
    """Return an output, and a function that tells whether anything beside it was written."""
    memory = np.full(np.prod(shape) + 64, 7, dtype)
    return memory[32:-32].reshape(
        shape
    ), lambda: (memory[:32] == 7).all() & (memory[-32:] == 7).all()


def by_reference(image, filters, limits):
    work = np.dtype(np.float64 if image.dtype == np.float64 else np.float32)
    sums = reference.filter_axes(image, filters[0].indices, filters, work)
    return reference.as_values(sums, limits, image.dtype)


@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70), st.integers(1, 9)),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    dtype=st.sampled_from(TYPES),
    seed=st.integers(0, 2**32 - 1),
)
def test_equal_to_the_reference(shape, parts, dtype, seed):
    image = random_image(shape, dtype, seed)
    lengths = [max(1, round(n * part)) for n, part in zip(shape, parts, strict=False)]
    filters = tuple(map(lanczos_filter, shape[:2], lengths))
    out, untouched = guarded((*lengths, shape[2]), dtype)
    limits = (0, white(dtype))
    run.filter_image(image, 0, filters, limits, out)
    assert np.array_equal(out, by_reference(image, filters, limits))
    assert untouched()


@pytest.mark.parametrize("dtype", TYPES)
def test_extremes_are_clipped(dtype):
    image = (random_image((40, 40, 3), dtype) > white(dtype) / 2).astype(dtype) * white(dtype)
    filters = lanczos_filter(40, 31), lanczos_filter(40, 33)
    out = np.empty((31, 33, 3), dtype)
    run.filter_image(image, 0, filters, (0, white(dtype)), out)
    assert (out.min(), out.max()) == (0, white(dtype))
    assert np.array_equal(out, by_reference(image, filters, (0, white(dtype))))


def test_sums_are_not_clipped_without_limits():
    image = (random_image((40, 40, 1), "float32") > 0.5).astype(np.float32)
    filters = lanczos_filter(40, 31), lanczos_filter(40, 33)
    out = np.empty((31, 33, 1), np.float32)
    run.filter_image(image, 0, filters, (-np.inf, np.inf), out)
    assert out.min() < -0.01
    assert out.max() > 1.01


@pytest.mark.parametrize("dtype", TYPES)
def test_some_rows_are_those_of_the_whole(dtype):
    image = random_image((90, 20, 3), dtype)
    filters = vertical, horizontal = lanczos_filter(90, 61), lanczos_filter(20, 20)
    limits = (0, white(dtype))
    whole, part = np.empty((61, 20, 3), dtype), np.empty((20, 20, 3), dtype)
    run.filter_image(image, 0, filters, limits, whole)
    firsts, stops = vertical.reach
    first, stop = firsts[30:50].min(), stops[30:50].max()
    assert first > 30
    assert stop < 85
    run.filter_image(image[first:stop], first, (vertical.part(30, 50), horizontal), limits, part)
    assert np.array_equal(part, whole[30:50])


@pytest.mark.parametrize("size", [1, 3000, 20_000])
def test_parts_of_the_columns_are_those_of_the_whole(monkeypatch, size):
    image = random_image((90, 70, 3), "uint8")
    filters = lanczos_filter(90, 3), lanczos_filter(70, 23)
    whole, parts = np.empty((3, 23, 3), np.uint8), np.empty((3, 23, 3), np.uint8)
    run.filter_image(image, 0, filters, (0, 255), whole)
    monkeypatch.setattr(run, "KEPT_BYTES", size)
    run.filter_image(image, 0, filters, (0, 255), parts)
    assert np.array_equal(parts, whole)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_without_compiler_the_values_are_the_same(monkeypatch, dtype, channels):
    image = random_image((30, 40, channels), dtype)
    filters = lanczos_filter(30, 13), lanczos_filter(40, 39)
    results = [np.empty((13, 39, channels), dtype) for _ in range(2)]
    run.filter_image(image, 0, filters, (0, white(dtype)), results[0])
    monkeypatch.setattr(run, "load_numba", lambda: False)
    run.filter_image(image, 0, filters, (0, white(dtype)), results[1])
    assert np.array_equal(*results)


@pytest.mark.parametrize(("length", "reduced"), [(100, 83), (100, 7), (1, 1), (5, 2), (2000, 1999)])
def test_weights_are_those_of_lanczos(length, reduced):
    made = lanczos_filter(length, reduced)
    centres = (np.arange(reduced) + 0.5) * length / reduced - 0.5
    taps = np.arange(made.weights.shape[1])
    t = (made.starts[:, np.newaxis] + taps - centres[:, np.newaxis]) * reduced / length
    exact = np.where(np.abs(t) < 3, np.sinc(t) * np.sinc(t / 3), 0)
    exact /= exact.sum(axis=1, keepdims=True)
    assert np.abs(made.weights - exact).max() < 1e-12
    assert np.abs(made.weights.sum(axis=1) - 1).max() < 1e-15
