from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from lutsr._eclut.fusion import fuse  # noqa: E402
from lutsr._eclut.reference import sum_rotations, upscale_reference  # noqa: E402
from training.eclut.fit.objective import dot, roughness  # noqa: E402
from training.eclut.fit.passes import Passes, mean_psnr_y  # noqa: E402
from training.eclut.windows import (  # noqa: E402
    as_cells,
    as_picture,
    is_relative,
    limits,
    reach,
    symmetrise,
    table_from_windows,
    windows_from_table,
)
from training.evaluation.metrics import psnr_y  # noqa: E402
from training.evaluation.pictures import LoadedPicture, Picture  # noqa: E402

KINDS = [(r, s) for r in (2, 3, 4) for s in (1, r)]


def whole_windows(scale: int, shift: int, spread: float = 30) -> torch.Tensor:
    """Make random windows of a table, some of them at the limits."""
    torch.manual_seed(scale + shift)
    windows = symmetrise(4 * spread * torch.randn(256, 256, 4, 3, scale, scale)).round()
    return windows.clamp(*limits(scale, shift))


@pytest.fixture(params=KINDS, scope="module")
def made(request):
    """Return scale, shift, windows and their table, which several tests look at."""
    windows = whole_windows(*request.param)
    return *request.param, windows, table_from_windows(windows, request.param[1])


def random_picture(scale: int, rows: int = 7, cols: int = 9) -> Picture:
    rng = np.random.default_rng(scale)
    low = rng.integers(0, 256, (rows, cols, 3), np.uint8)
    return LoadedPicture(
        Path("none"), rng.integers(0, 256, (rows * scale, cols * scale, 3), np.uint8), low
    )


def test_table_stands_for_the_windows_exactly(made):
    scale, shift, windows, table = made
    assert table.dtype == np.int8
    assert table.shape == (256, 256, 9, scale, scale)
    relative = is_relative(scale, shift)
    assert torch.equal(windows_from_table(table, shift, relative), windows)
    fused = fuse(table, shift, relative)
    assert fused.vertical.dtype == fused.horizontal.dtype == np.int8


def test_pass_is_the_reference_less_the_picture(made):
    scale, shift, windows, table = made
    picture = random_picture(scale)
    squares, m = 0.0, 2 * scale
    for channel in range(3):
        plane = picture.lr[:, :, channel]
        sums = sum_rotations(plane, table, 1, shift, is_relative(scale, shift))
        residual = sums - 4 * picture.hr[:, :, channel].astype(int)
        squares += float((residual[m:-m, m:-m] ** 2).sum())
    passes = Passes([picture], scale)
    assert passes(windows)[1] == pytest.approx(squares, rel=1e-6)
    assert passes.values == 3 * (picture.hr.shape[0] - 2 * m) * (picture.hr.shape[1] - 2 * m)


def test_prediction_is_the_reference(made):
    scale, shift, windows, table = made
    picture = random_picture(scale)
    result = upscale_reference(
        picture.lr,
        table,
        expand_shift=shift,
        relative=is_relative(scale, shift),
        channel_axis=-1,
    )
    expected = psnr_y(result, picture.hr, shave=2 * scale)
    assert mean_psnr_y(windows, [picture]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_pass_is_its_own_adjoint(scale):
    passes = Passes([random_picture(scale)], scale)
    torch.manual_seed(0)
    a, b = (symmetrise(torch.randn(256, 256, 4, 3, scale, scale)) for _ in range(2))
    sums_a, squares_a = passes(a, 0.0)
    assert dot(a, sums_a) == pytest.approx(squares_a, rel=1e-5)
    assert dot(b, sums_a) == pytest.approx(dot(a, passes(b, 0.0)[0]), rel=1e-4, abs=1e-2)


def test_smallest_picture_has_one_cell():
    passes = Passes([random_picture(2, 5, 5)], 2)
    assert passes.values == 3 * 4
    assert passes.counts().sum() == 3 * 2 * 5 * 4


def test_gram_is_that_of_the_features():
    picture = random_picture(2, 8, 6)
    passes = Passes([picture], 2)
    nodes = np.zeros((65536, 1), np.int32)
    nodes[32768:] = 1
    gram = passes.gram(nodes, np.ones((65536, 1), np.float32), 2)
    # Every one of the 24 windows of a cell comes from one node.
    assert gram.sum() == 24**2 * passes.cells
    assert torch.equal(gram, gram.T)
    for place in range(24):
        assert gram[2 * place : 2 * place + 2, 2 * place : 2 * place + 2].sum() == passes.cells


def test_roughness_is_symmetric_and_spares_what_is_smooth():
    torch.manual_seed(0)
    a, b = torch.randn(2, 256, 256, 2)
    assert dot(a, roughness(b)) == pytest.approx(dot(b, roughness(a)), rel=1e-3, abs=0.1)
    level = torch.arange(256, dtype=torch.float32)
    straight = (level[None, :] - level[:, None])[:, :, None]
    assert not roughness(straight).any()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_cells_and_pictures(scale):
    windows = torch.randn(5, 4, 3, scale, scale)
    assert torch.equal(as_cells(as_picture(windows), scale), windows)
    assert reach(scale, scale).all()
    assert reach(scale, 1).sum() == (2 * scale + 2) * (scale + 2)


def test_what_no_table_can_stand_for_is_refused():
    windows = whole_windows(2, 1)
    with pytest.raises(ValueError, match="must be integers"):
        table_from_windows(windows + 0.5, 1)
    with pytest.raises(ValueError, match="zero where no tap reaches"):
        table_from_windows(torch.ones_like(windows), 1)
    with pytest.raises(ValueError, match=r"must lie in -128\.\.127, but"):
        table_from_windows(torch.full((256, 256, 4, 3, 2, 2), 300.0), 2)


@pytest.mark.parametrize(("scale", "shift"), KINDS)
def test_even_pictures_stay_even_at_their_borders(scale, shift):
    # Windows that differ from repeated pixels, but add nothing to constant images.
    windows = whole_windows(scale, shift, spread=3)
    level = torch.arange(256)
    windows[level, level] = 0
    windows[level, level, 1, 1, 1] = -4
    windows[level, level, 1, 1, 0, :] = 4
    windows = (symmetrise(windows).round() * reach(scale, shift)).clamp(*limits(scale, shift))
    table = table_from_windows(windows, shift)
    for grey in (0, 30, 100):
        picture = np.full((5, 6), grey, np.uint8)
        relative = is_relative(scale, shift)
        big = upscale_reference(picture, table, expand_shift=shift, relative=relative).astype(int)
        # Inside, the sum of these windows is almost 0; it must be so at the borders too.
        inside = big[2 * scale : -2 * scale, 2 * scale : -2 * scale]
        assert abs(big - grey).max() <= abs(inside - grey).max() + 1
