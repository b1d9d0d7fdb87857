import numpy as np
import pytest

from training.evaluation.metrics import flat_noise, luma, psnr_rgb, psnr_y, ssim_y


def test_luma_is_limited_range():
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    np.testing.assert_allclose(luma(colours), [[16, 235, 16 + 65.481]])


def test_psnr_of_one_grey_level():
    truth = np.full((20, 20, 3), 100, np.uint8)
    step = 219 / 255  # one level of grey is this much luma
    wanted = 20 * np.log10(255 / step)
    assert psnr_y(truth + np.uint8(1), truth, shave=2) == pytest.approx(wanted)
    assert psnr_y(truth, truth, shave=2) == float("inf")


def test_cpsnr_is_of_all_samples():
    truth = np.full((20, 20, 3), 100, np.uint8)
    wrong = truth.copy()
    wrong[..., 2] += 3
    assert psnr_rgb(wrong, truth, shave=2) == pytest.approx(20 * np.log10(255) - 10 * np.log10(3))
    wrong[:2] = 0
    assert psnr_rgb(wrong, truth, shave=2) == psnr_rgb(wrong[2:-2, 2:-2], truth[2:-2, 2:-2], 0)
    assert psnr_rgb(truth, truth, shave=0) == float("inf")


def test_flat_noise_is_the_deviation_where_the_original_is_flat():
    rng = np.random.default_rng(0)
    truth = np.full((60, 120, 3), 100, np.uint8)
    truth[:, 60:] = rng.integers(0, 256, (60, 60, 1))  # not flat: does not count
    dotted = truth.copy()
    dotted[::2, ::2] += np.uint8(4)
    assert flat_noise(truth, truth) < 0.2
    step = 4 * 219 / 255
    assert flat_noise(dotted, truth) == pytest.approx(step * np.sqrt(3) / 4, rel=0.06)
    assert np.isnan(flat_noise(truth[:, 70:], truth[:, 70:]))


def test_shaved_pixels_do_not_count():
    truth = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    spoilt = truth.copy()
    spoilt[:3] = spoilt[:, -3:] = 0
    assert psnr_y(spoilt, truth, shave=3) == float("inf")
    assert psnr_y(spoilt, truth, shave=2) < 40


def test_agrees_with_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (40, 50, 3), np.uint8)
    result = np.clip(truth + rng.normal(0, 9, truth.shape), 0, 255).astype(np.uint8)
    a, b = luma(result)[4:-4, 4:-4], luma(truth)[4:-4, 4:-4]
    wanted = metrics.peak_signal_noise_ratio(b, a, data_range=255)
    assert psnr_y(result, truth, shave=4) == pytest.approx(wanted, abs=1e-9)
    assert 0 < ssim_y(result, truth, shave=4) < 1
    assert ssim_y(truth, truth, shave=4) == pytest.approx(1)


def test_wrong_shapes_are_named():
    rgb = np.zeros((9, 9, 3), np.uint8)
    with pytest.raises(ValueError, match="one shape"):
        psnr_y(rgb, rgb[:8], shave=1)
    with pytest.raises(ValueError, match=r"RGB of shape .* got \(9, 9\)"):
        luma(rgb[..., 0])
    with pytest.raises(ValueError, match="larger than 10 pixels"):
        psnr_y(rgb, rgb, shave=5)
