"""The network, and the exported model, give the same integers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import lutsr  # noqa: E402
from lutsr._modelfile import read_model, write_model  # noqa: E402
from training.rclut.export import to_model  # noqa: E402
from training.rclut.network import RCLUT, Shape  # noqa: E402

SHAPES = [Shape(4, width=4), Shape(2, width=3, curved=False), Shape(3, width=2)]
SIZES = [(1, 1), (1, 7), (2, 2), (3, 1), (9, 12), (33, 17)]


def random_network(shape, gain=1.0):
    """Make a network far from its start, whose entries and codes reach every limit."""
    torch.manual_seed(3)
    network = RCLUT(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += gain * 0.3 * torch.randn(parameter.shape)
    return network


@pytest.mark.parametrize("gain", [1, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_exported_model_equals_the_torch_model(shape, gain, tmp_path):
    network = random_network(shape, gain)
    model = to_model("some", network)
    path = tmp_path / f"some_x{shape.scale}.npy"
    write_model(path, model)
    upscaler = lutsr.Upscaler(read_model(path))
    random = np.random.default_rng(0)
    for size in SIZES:
        image = random.integers(0, 256, size, dtype=np.uint8)
        wanted = network.upscale(torch.from_numpy(image[np.newaxis]))[0].numpy()
        assert np.array_equal(upscaler(image), wanted)
        assert np.array_equal(lutsr.Upscaler(model)(image), wanted)
    assert upscaler.halo == 13


def test_sizes_are_the_published_ones():
    tables = to_model("some", random_network(SHAPES[0])).tables
    assert {table.dtype for table in tables.values()} == {np.dtype(np.int8)}
    assert sum(table.nbytes for table in tables.values()) == 1_637_587


def test_tables_of_windows_are_lines_or_curves():
    for curved in (False, True):
        network = random_network(Shape(4, width=8, curved=curved))
        entries = network.first.windows[1].entries()[..., 0].flatten(0, 1)
        inside = (entries.abs() < 127).all(1)
        bent = entries[:, 2:] - 2 * entries[:, 1:-1] + entries[:, :-2]
        assert inside.any()
        # Rounding alone bends a line by 2 at most.
        slopes = (entries[:, 128] - entries[:, 0]) - (entries[:, 255] - entries[:, 127])
        assert bool((slopes[inside].abs() > 2).any()) is curved
        assert curved or bent[inside].abs().max() <= 2
