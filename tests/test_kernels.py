"""The kernels, against the reference: the same integers everywhere."""

import re

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lutsr
from lutsr import _core, _kernels, _tables
from lutsr._upscaler import Upscaler
from lutsr.reference import upscale_reference

from .conftest import ROOT

VARIANTS = [(r, s) for r in (2, 3, 4) for s in (1, r)]
KINDS = ["uniform", "middle", "extremes", "lowest", "highest", "shipped"]


@pytest.fixture(scope="module")
def upscaler(random_lut):
    made = {}

    def make(r, s, kind="uniform"):
        if kind == "shipped":  # the only ones whose fused tables fit 8 bits
            return lutsr.load("eclut" if s == r else "eclut-fast", r)
        if (r, s, kind) not in made:
            made[r, s, kind] = Upscaler(_tables.Table("random", r, s, random_lut(r, kind), None))
        return made[r, s, kind]

    return make


@pytest.fixture
def narrow(monkeypatch):
    """Let small images be split into tiles and bands."""
    monkeypatch.setattr(_core, "SERIAL_PIXELS", 0)
    monkeypatch.setattr(_core, "TILE", 5)


def reference(up, image, channel_axis=None):
    return upscale_reference(image, up.lut, expand_shift=up.expand_shift, channel_axis=channel_axis)


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
    _core.TILE = tile  # put back by the fixture
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
    monkeypatch.setattr(_core, "SERIAL_PIXELS", 0)
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


def holders(pattern):
    code = re.compile(pattern, re.M)
    return {path.name for path in (ROOT / "lutsr").rglob("*.py") if code.search(path.read_text())}


def test_all_jitted_code_is_in_one_module():
    assert holders(r"^\s*@.*jit|\b(njit|vectorize|guvectorize|overload)\(") == {"_kernels.py"}
    assert holders(r"@intrinsic|\bintrinsic\(") == {"_vectors.py"}


def test_the_stamp_covers_every_module_that_the_kernels_are_made_of():
    found, new = set(), {"_kernels"}
    while new:
        found |= new
        text = "".join((ROOT / "lutsr" / f"{name}.py").read_text() for name in new)
        new = set(re.findall(r"^from \.(\w+) import", text, re.M)) - found
    assert {f"{name}.py" for name in found} == set(_kernels.SOURCES)
