"""The kernels, against the reference: the same integers everywhere."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lutsr
from lutsr._eclut import engine
from lutsr._eclut.reference import upscale_reference
from lutsr._frame import bands

from ..models import eclut
from ..programs import check_right, run_program

LUT = (256, 256, 9)
VARIANTS = [(r, s) for r in (2, 3, 4) for s in (1, r)]
KINDS = ["uniform", "middle", "extremes", "lowest", "highest", "shipped", "fitting"]


@pytest.fixture(scope="module")
def upscaler(random_lut):
    made = {}

    def make(r, s, kind="uniform"):
        if kind == "shipped":
            return lutsr.load("eclut" if s == r else "eclut-fast", r)
        if (r, s, kind) not in made and kind == "fitting":
            # With the shipped ones, the only ones whose fused tables fit 8 bits: 2 or up to 18
            # taps of a pair are added up.
            most = 63 if s == r else 7
            lut = np.random.default_rng(s).choice(np.array([-most, most], np.int8), (*LUT, r, r))
            made[r, s, kind] = eclut(lut, s, relative=True)
            assert made[r, s, kind]._engine.fused.vertical.dtype == np.int8
        if (r, s, kind) not in made:
            made[r, s, kind] = eclut(random_lut(r, kind), s)
        return made[r, s, kind]

    return make


@pytest.fixture
def narrow(monkeypatch):
    """Let small images be split into tiles and bands."""
    monkeypatch.setattr(bands, "SERIAL_NANOSECONDS", 0)
    monkeypatch.setattr(engine, "TILE", 5)
    monkeypatch.setattr(engine, "DEEP_TILE", 5)
    monkeypatch.setattr(bands, "CHUNK_BYTES", bands.CHUNK_BYTES)
    monkeypatch.setattr(bands, "CHUNK_HALOS", 0)


def reference(up, image, channel_axis=None):
    return upscale_reference(image, up.tables["lut"], **up.parameters, channel_axis=channel_axis)


images = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 17), st.integers(1, 17)),
    elements=st.one_of(st.integers(0, 255), st.sampled_from([0, 255])),
)


@pytest.mark.usefixtures("narrow")
@given(
    image=images,
    variant=st.sampled_from(VARIANTS),
    kind=st.sampled_from(KINDS),
    workers=st.integers(1, 5),
    tile=st.sampled_from([1, 2, 3, 5, 128]),
)
def test_equal_to_the_reference(upscaler, image, variant, kind, workers, tile):
    engine.TILE = tile  # put back by the fixture
    up = upscaler(*variant, kind)
    assert np.array_equal(up(image, workers=workers), reference(up, image))


@pytest.mark.usefixtures("narrow")
@given(
    image=images,
    variant=st.sampled_from(VARIANTS),
    layout=st.sampled_from(["fortran", "flipped", "strided", "transposed", "read-only"]),
)
def test_any_memory_layout(upscaler, image, variant, layout):
    up = upscaler(*variant)
    if layout == "fortran":
        image = np.asfortranarray(image)
    elif layout == "flipped":
        image = image[::-1, ::-1]
    elif layout == "strided":
        image = np.repeat(np.repeat(image, 2, 0), 3, 1)[::2, ::3]
    elif layout == "transposed":
        image = image.T
    else:
        image.flags.writeable = False
    before = image.copy()
    assert np.array_equal(up(image), reference(up, before))
    assert np.array_equal(image, before)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_channels_anywhere(upscaler, channels, axis):
    up = upscaler(4, 4, "middle")
    rng = np.random.default_rng(channels)
    image = np.moveaxis(rng.integers(0, 256, (11, 6, channels), dtype=np.uint8), -1, axis)
    big = up(image, channel_axis=axis, workers=2)
    assert np.array_equal(big, reference(up, image, axis))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (2, 2), (3, 2), (131, 517)])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_shapes_at_the_real_tile_size(upscaler, variant, shape, workers, monkeypatch):
    monkeypatch.setattr(bands, "SERIAL_NANOSECONDS", 0)
    up = upscaler(*variant, "middle")
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(up(image, workers=workers), reference(up, image))


@pytest.mark.parametrize("layout", ["strided", "fortran", "planar"])
def test_out_of_any_layout(upscaler, layout):
    up = upscaler(2, 1)
    image = np.random.default_rng(2).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    if layout == "strided":
        out = np.zeros((36, 78, 3), np.uint8)[::-2, ::3]
    elif layout == "fortran":
        out = np.zeros((18, 26, 3), np.uint8, order="F")
    else:
        out = np.moveaxis(np.zeros((3, 18, 26), np.uint8), 0, -1)
    assert up(image, channel_axis=-1, out=out) is out
    assert np.array_equal(out, reference(up, image, -1))


def deep_images(dtype):
    """Draw random images, with values at and next to the table's levels."""
    white = 1.0 if dtype.kind == "f" else np.iinfo(dtype).max
    levels = st.integers(0, 255).map(lambda level: level * (white / 255))
    if dtype.kind == "f":
        values = st.one_of(st.floats(0, 1, width=32), levels.map(np.float32).map(float))
    else:
        near = st.tuples(levels.map(int), st.sampled_from([-1, 0, 1]))
        values = st.one_of(
            st.integers(0, white), near.map(lambda two: min(max(sum(two), 0), white))
        )
    shapes = st.one_of(
        st.tuples(st.integers(1, 13), st.integers(1, 13)),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(2, 5)),
    )
    return hnp.arrays(dtype, shapes, elements=values)


def upscale(up, image, workers=1):
    """Upscale an image of any type as `Upscaler` does, without its checks."""
    planes = image[..., np.newaxis] if image.ndim == 2 else image
    r = up.scale
    out = np.empty((planes.shape[0] * r, planes.shape[1] * r, planes.shape[2]), image.dtype)
    bands.upscale_planes(planes, up._engine, out, workers)
    return out.reshape(image.shape[0] * r, image.shape[1] * r, *image.shape[2:])


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@given(
    data=st.data(),
    variant=st.sampled_from(VARIANTS),
    kind=st.sampled_from(KINDS),
    workers=st.integers(1, 3),
    chunk=st.sampled_from([1, 4000, 2 << 20]),
)
def test_deep_images_equal_the_reference(upscaler, dtype, data, variant, kind, workers, chunk):
    bands.CHUNK_BYTES = chunk  # put back by the fixture
    up = upscaler(*variant, kind)
    image = data.draw(deep_images(np.dtype(dtype)))
    axis = -1 if image.ndim == 3 else None
    assert np.array_equal(upscale(up, image, workers), reference(up, image, axis))


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@given(
    levels=hnp.arrays(np.uint8, st.tuples(st.integers(1, 25), st.integers(1, 12))),
    between=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 11)), max_size=2),
    variant=st.sampled_from(VARIANTS),
    kind=st.sampled_from(KINDS),
    workers=st.integers(1, 3),
)
def test_deep_rows_on_levels(upscaler, dtype, levels, between, variant, kind, workers):
    """Rows of cells are summed by other code where all pixels have levels of the table."""
    up = upscaler(*variant, kind)
    image = levels.astype(np.uint16) * np.uint16(257)
    for y, x in between:
        image[y % image.shape[0], x % image.shape[1]] ^= 1
    if dtype == "float32":
        image = (image / 65535).astype(np.float32)
    assert np.array_equal(upscale(up, image, workers), reference(up, image))


# What another processor would run is compiled without the cache, in a process of its own, where
# nothing is compiled for this one before: numba keeps what it has found for the same types.
LESSER_CPU = """
from lutsr._eclut import kernels_deep, vectors_deep
from lutsr._numba import jit

asked = []
vectors_deep.has_dot_bytes = lambda: False
vectors_deep._dot_words = lambda context: asked.append(context) or WORDS
kernels_deep.upscale_deep_band = jit._compile(kernels_deep.upscale_deep_band.py_func, True)
image = picture(7, (23, 31), np.uint16)
found = [
    right(image, lutsr.upscale(image, scale, model=model), model, scale)
    for scale, model in CASES
]
check(*found, len(asked) > 0)
"""

OTHER_REGISTERS = """
from lutsr._eclut import kernels, vectors
from lutsr._numba import jit

vectors.vector_bytes = lambda: 64
kernels.upscale_band = jit._compile(kernels.upscale_band.py_func, True)
image = picture(8, (23, 31))
big = lutsr.upscale(image, 4, model="eclut")
[code] = kernels._sum_row.inspect_llvm().values()
# Sums of four cells are passed on from column to column in one register.
check(right(image, big, scale=4), "phi <32 x i16>" in code, "phi <16 x i16>" not in code)
"""


@pytest.mark.parametrize(
    ("words", "cases"),
    [
        (0, [(2, "eclut"), (4, "eclut-fast")]),
        (8, [(3, "eclut"), (2, "eclut-fast")]),
        (16, [(4, "eclut"), (3, "eclut-fast")]),
    ],
)
def test_deep_images_on_lesser_cpus(tmp_path, words, cases):
    # CPUs with other instructions for multiplying. Each case is compiled, so each CPU has two.
    code = LESSER_CPU.replace("WORDS", str(words)).replace("CASES", str(cases))
    check_right(run_program(tmp_path, code))


def test_other_registers_give_the_same(tmp_path):
    # The registers of 512 bits of other processors.
    check_right(run_program(tmp_path, OTHER_REGISTERS))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_strided_outputs_are_written_in_chunks(monkeypatch, upscaler, dtype):
    monkeypatch.setattr(bands, "CHUNK_BYTES", 1)
    monkeypatch.setattr(bands, "CHUNK_HALOS", 0)
    up = upscaler(3, 3, "shipped")
    image = np.random.default_rng(3).integers(0, 256, (19, 8, 6)).astype(dtype)
    out = np.full((6, 60, 50), 77, dtype)
    view = np.moveaxis(out, 0, -1)[1:58, :48:2]
    bands.upscale_planes(image, up._engine, view, 2)
    assert np.array_equal(view, reference(up, image, -1))
    assert (out[:, 0] == 77).all()
    assert (out[:, :, 1::2] == 77).all()
