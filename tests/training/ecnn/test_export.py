"""A trained network, its tables in torch, and the exported model give the same integers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import lutsr  # noqa: E402
from lutsr._modelfile import read_model, write_model  # noqa: E402
from training.ecnn.export import to_model  # noqa: E402
from training.ecnn.network import Network, Shape  # noqa: E402
from training.ecnn.tables import (  # noqa: E402
    Tables,
    details,
    own_gains,
    round_keeping_sums,
    round_tables,
    upscale,
)

SHAPES = [
    Shape(4, channels=8, layers=1, window=5, kinks=1),
    Shape(2, channels=3, layers=2, window=3, kinks=2),
    Shape(3, channels=5, layers=0, window=3, kinks=0, knots=1),
    Shape(2, channels=4, layers=2, units=32),
    Shape(2, channels=4, layers=2, units=32, last_units=16),
]
SIZES = [(1, 1), (1, 7), (2, 2), (3, 1), (9, 12), (23, 17)]


def random_tables(shape: Shape, gain: float = 1) -> Tables:
    """Make the tables of a network whose weights are large enough to reach every limit."""
    network = Network(shape, torch.Generator().manual_seed(3))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += (
                gain
                * 0.2
                * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(4))
            )
    return round_tables(network)


@pytest.mark.parametrize("gain", [1, 10])
@pytest.mark.parametrize("shape", SHAPES)
def test_exported_model_equals_the_torch_model(shape, gain, tmp_path):
    tables = random_tables(shape, gain)
    model = to_model("some", tables)
    path = tmp_path / f"some_x{shape.scale}.npy"
    write_model(path, model)
    upscalers = [lutsr.Upscaler(model), lutsr.Upscaler(read_model(path))]
    random = np.random.default_rng(0)
    for size in SIZES:
        image = random.integers(0, 256, size, dtype=np.uint8)
        wanted = upscale(tables, torch.from_numpy(image)).numpy()
        for upscaler in upscalers:
            assert np.array_equal(upscaler(image), wanted)
    assert upscalers[0].halo == shape.reach
    assert upscalers[0].digest == upscalers[1].digest


@pytest.mark.parametrize("shape", SHAPES)
def test_constant_images_are_exact(shape):
    tables = random_tables(shape)
    upscaler = lutsr.Upscaler(to_model("some", tables))
    for level in range(256):
        image = np.full((3, 4), level, np.uint8)
        assert np.array_equal(upscaler(image), image.repeat(shape.scale, 0).repeat(shape.scale, 1))
    side = 2 * tables.reach + 1
    levels = torch.arange(256, dtype=torch.uint8)[:, None, None].expand(256, side, side)
    assert not details(tables, levels.contiguous()).any()
    assert not tables.base.sum((0, 1)).any()


def test_rounding_keeps_the_sums_over_a_window():
    exact = 20 * torch.randn(3, 3, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    rounded = round_keeping_sums(exact)
    assert torch.equal(rounded, rounded.round())
    assert (rounded - exact).abs().max() <= 1
    assert torch.equal(rounded.sum((0, 1)), exact.sum((0, 1)).round())


def test_own_levels_leave_a_small_range_to_the_table():
    entries = torch.zeros(3, 3, 2, 64, 2)
    bent = torch.arange(64.0) * 7 + 5 * (torch.arange(64) > 40)
    entries[1, 1, 0, :, 0] = bent
    entries[1, 1, 1, :, 1] = -3 * torch.arange(64.0)
    entries[1, 1, 0, :, 1] = 1000
    assert own_gains(entries, 16).tolist() == [7, -3]


def test_tables_reach_the_limits_of_int8():
    entries = torch.cat([t.entries.flatten() for t in random_tables(SHAPES[0], 10).layers])
    assert (entries.min(), entries.max()) == (-128, 127)
    assert any(layer.lost > 0 for layer in random_tables(SHAPES[0], 10).layers)
