"""A network that starts from a model's tables makes nearly the same tables."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lutsr._modelfile import read_shipped, write_model  # noqa: E402
from training.ecnn.export import from_model, to_model  # noqa: E402
from training.ecnn.network import Network, Shape  # noqa: E402
from training.ecnn.start import deepened, network_of, read_tables  # noqa: E402
from training.ecnn.tables import round_tables, upscale  # noqa: E402
from training.errors import TrainingError  # noqa: E402


@pytest.fixture(scope="module")
def image():
    """Smooth, with edges: the levels of hidden maps are used as pictures use them."""
    y, x = np.mgrid[:48, :48]
    values = 127 + 70 * np.sin(x / 5) * np.cos(y / 7) + 40 * ((x + y) % 20 < 8)
    return torch.from_numpy(np.clip(values, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module", params=[(16, 8), (32, 16)])
def tables(image, request):
    units, last_units = request.param
    shape = Shape(2, channels=5, layers=2, window=5, units=units, last_units=last_units)
    network = Network(shape, torch.Generator().manual_seed(4))
    with torch.no_grad():
        network.base += 0.2 * torch.randn(4, 9, generator=torch.Generator().manual_seed(5))
    network.observe(image[None], 1)
    return round_tables(network)


def assert_same(one, other):
    for a, b in zip(one.layers, other.layers, strict=True):
        assert a.divisor == b.divisor
        for name in ("entries", "bias", "gains"):
            assert torch.equal(getattr(a, name), getattr(b, name)), name
    assert torch.equal(one.flat, other.flat)
    assert torch.equal(one.base, other.base)


def test_tables_of_a_model_are_those_it_was_made_of(tables):
    assert_same(tables, from_model(to_model("toy", tables)))


def test_a_shipped_model_and_a_file(tmp_path, tables):
    shipped = read_tables("ecnn-small_x2")
    assert_same(shipped, from_model(read_shipped("ecnn-small", 2)))
    write_model(tmp_path / "toy_x2.npy", to_model("toy", tables), licence="x")
    assert_same(tables, read_tables(str(tmp_path / "toy_x2.npy")))


@pytest.mark.parametrize("kinks", [1, 2])
def test_a_network_makes_nearly_the_same_tables(tables, image, kinks):
    network = network_of(tables, image[None], kinks=kinks, knots=8)
    again = round_tables(network)
    assert [one.divisor for one in again.layers] == [one.divisor for one in tables.layers]
    found = upscale(again, image).int() - upscale(tables, image).int()
    change = upscale(tables, image).int() - image.repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert change.float().square().mean() > 25
    assert found.float().square().mean() < 0.01 * change.float().square().mean()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("eclut_x2", "not a model of"),
        ("ecnn_x9", "scale"),
        ("nothing", r"wanted a checkpoint \(.pt\), a model file"),
        ("nowhere_x2.npy", "nowhere_x2.npy"),
    ],
)
def test_what_cannot_be_started_from(name, text):
    with pytest.raises(TrainingError, match=text):
        read_tables(name)


def test_layers_added_change_nothing_inside(image):
    small = Network(Shape(2, channels=5, layers=2), torch.Generator().manual_seed(4))
    small.observe(image[None], 1)
    big = Network(Shape(2, channels=5, layers=4), torch.Generator().manual_seed(6))
    big.load_state_dict(deepened(small.state_dict(), 4))
    results = [upscale(round_tables(network), image) for network in (small, big)]
    inside = slice(2 * big.shape.reach, -2 * big.shape.reach)
    assert torch.equal(*(result[inside, inside] for result in results))
    assert results[0][inside, inside].float().std() > 1
    assert deepened(big.state_dict(), 2).keys() == big.state_dict().keys()
