import numpy as np
import pytest

from training.evaluation.degrade import shrink, upscale_bicubic


def cubic(t):
    """Compute Keys' kernel with a = -0.5 by its definition."""
    t = abs(t)
    if t <= 1:
        return 1.5 * t**3 - 2.5 * t**2 + 1
    return -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0


def slow_resize_rows(image, rows, ratio):
    """Resize one axis as imresize does, one output row at a time, in floating point."""
    width = min(ratio, 1.0)  # below 1 the kernel is widened
    result = np.empty((rows, *image.shape[1:]))
    for row in range(rows):
        centre = (row + 0.5) / ratio - 0.5
        reach = int(np.ceil(2 / width)) + 1
        places = np.arange(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 1)
        weights = np.array([cubic((p - centre) * width) for p in places])
        n = len(image)
        mirrored = np.where(places % (2 * n) < n, places % n, n - 1 - places % n)
        result[row] = np.tensordot(weights / weights.sum(), image[mirrored].astype(float), 1)
    return np.clip(np.floor(np.round(result, 9) + 0.5), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("function", [shrink, upscale_bicubic])
def test_matches_the_recipe_written_slowly(scale, function):
    image = np.random.default_rng(scale).integers(0, 256, (12, 24, 3), np.uint8)
    ratio = 1 / scale if function is shrink else float(scale)
    rows, cols = round(12 * ratio), round(24 * ratio)
    wanted = slow_resize_rows(image, rows, ratio)
    wanted = slow_resize_rows(wanted.swapaxes(0, 1), cols, ratio).swapaxes(0, 1)
    np.testing.assert_array_equal(function(image, scale), wanted)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("set_name", ["Set5", "Set14"])
def test_reproduces_the_published_files(shared, set_name, scale):
    image_module = pytest.importorskip("PIL.Image")
    folder = shared / "data" / set_name
    files = sorted((folder / "HR").iterdir())
    assert files
    for path in files:
        low = folder / "LR_bicubic" / f"X{scale}" / f"{path.stem}x{scale}.png"
        hr = np.asarray(image_module.open(path).convert("RGB"))
        wanted = np.asarray(image_module.open(low).convert("RGB"))
        np.testing.assert_array_equal(shrink(hr, scale), wanted, err_msg=path.name)


def test_sides_are_cropped_at_the_top_left():
    image = np.random.default_rng(0).integers(0, 256, (14, 15), np.uint8)
    np.testing.assert_array_equal(shrink(image, 4), shrink(image[:12, :12], 4))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_flat_stays_flat(scale):
    flat = np.full((3 * scale, 2 * scale), 77, np.uint8)
    assert (shrink(flat, scale) == 77).all()
    assert (upscale_bicubic(flat, scale) == 77).all()


def test_rounds_after_each_pass_axis_0_first():
    image = np.random.default_rng(1).integers(0, 256, (32, 32), np.uint8)
    turned = shrink(np.ascontiguousarray(image.T), 4).T
    assert (turned != shrink(image, 4)).any()  # the result depends on the order of the passes


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"uint8 array .* got float64"):
        shrink(np.zeros((8, 8)), 2)
    with pytest.raises(ValueError, match="2, 3 or 4, got 5"):
        shrink(np.zeros((8, 8), np.uint8), 5)
    with pytest.raises(ValueError, match="at least 4 x 4"):
        shrink(np.zeros((3, 8), np.uint8), 4)
