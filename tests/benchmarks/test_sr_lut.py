"""The baseline of the field does what its authors' publication says."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from benchmarks import sr_lut
from training.evaluation.metrics import psnr_y


def obvious(image, table):
    """Enlarge a plane pixel by pixel.

    Interpolating in the simplex is the mean, over 16 thresholds, of the corners whose fractions
    exceed the threshold.
    """
    r = int(table.shape[1] ** 0.5)
    total = np.zeros((image.shape[0] * r, image.shape[1] * r), np.int64)
    for k in range(4):
        turned = np.rot90(image, k)
        padded = np.pad(turned, ((0, 1), (0, 1)), mode="reflect").astype(int)
        big = np.zeros((turned.shape[0] * r, turned.shape[1] * r), np.int64)
        for i in range(turned.shape[0]):
            for j in range(turned.shape[1]):
                corners = (
                    padded[i, j], padded[i, j + 1], padded[i + 1, j], padded[i + 1, j + 1]
                )  # fmt: skip
                for threshold in range(16):
                    a, b, c, d = (v // 16 + (v % 16 > threshold) for v in corners)
                    cell = table[((a * 17 + b) * 17 + c) * 17 + d].reshape(r, r)
                    big[i * r : (i + 1) * r, j * r : (j + 1) * r] += cell
        total += np.rot90(big, -k)
    return np.clip(np.rint(total / 16), 0, 255).astype(np.uint8)


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    height=st.integers(2, 5),
    width=st.integers(2, 5),
    r=st.sampled_from((2, 3, 4)),
    levels=st.sampled_from((2, 17, 256)),
    seed=st.integers(0, 99),
)
def test_agrees_with_the_obvious_loop(height, width, r, levels, seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(-128, 128, (17**4, r * r), np.int32)
    image = (rng.integers(0, levels, (height, width)) * 255 // (levels - 1)).astype(np.uint8)
    assert np.array_equal(sr_lut.upscale(image, table), obvious(image, table))


def test_channels_are_enlarged_one_by_one():
    rng = np.random.default_rng(1)
    table = rng.integers(-128, 128, (17**4, 4), np.int32)
    image = rng.integers(0, 256, (6, 7, 3), np.uint8)
    big = sr_lut.upscale(image, table)
    assert big.shape == (12, 14, 3)
    assert np.array_equal(big[..., 1], sr_lut.upscale(image[..., 1], table))


def test_other_table_is_refused(tmp_path):
    path = tmp_path / "table.npy"
    np.save(path, np.zeros((17**4, 1, 2, 2), np.int8))
    with pytest.raises(ValueError, match=r"table\.npy: int8 of shape .* wanted int8 of"):
        sr_lut.read_table(path, 4)


def test_authors_table_gives_the_published_quality(shared):
    """Set5 x4: 29.82 dB; and within rounding of the files that the authors published."""
    tables = shared / "peers" / "sr-lut"
    if not tables.is_dir():
        pytest.skip("needs the authors' tables in ../shared/peers/sr-lut")
    table = sr_lut.read_table(tables / "Model_S_x4_4bit_int8.npy", 4)
    figures = []
    for path in sorted((tables / "output_S_x4_4bit").glob("*.png")):
        (hr,) = (shared / "data" / "Set5" / "HR").glob(f"{path.stem}*")
        (lr,) = (shared / "data" / "Set5" / "LR_bicubic" / "X4").glob(f"{path.stem}*")
        with Image.open(lr) as image, Image.open(hr) as whole, Image.open(path) as published:
            big, theirs = sr_lut.upscale(np.asarray(image), table), np.asarray(published)
            truth = np.asarray(whole)[: big.shape[0], : big.shape[1]]
        figures.append(psnr_y(big, truth, 4))
        assert psnr_y(big, theirs, 4) > 50
    assert np.mean(figures) == pytest.approx(29.82, abs=0.015)
