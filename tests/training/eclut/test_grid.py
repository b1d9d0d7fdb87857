import pytest

torch = pytest.importorskip("torch")

from training.eclut.constants import MARGIN  # noqa: E402
from training.eclut.grid import (  # noqa: E402
    look_up,
    present_pairs,
    table_from_network,
    table_windows,
    upscale_interior,
)
from training.eclut.network import SRNet, ensemble  # noqa: E402
from training.eclut.options import ALPHA  # noqa: E402
from training.eclut.quantize import clamp_through, grey_from_sum, snap_maps  # noqa: E402

CASES = [(2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 4)]


def naive_sums(net, images, rounding):
    """Quarter grey levels by the published forward pass, the margin cut off."""
    snap = snap_maps if rounding else None
    x = images[:, None].to(torch.float32) / 255
    grey = 255 * ensemble(lambda turned: net(turned, ALPHA, snap), x)[:, 0]
    cut = MARGIN * net.scale
    return 4 * grey[:, cut:-cut, cut:-cut]


@pytest.mark.parametrize("rounding", [False, True])
@pytest.mark.parametrize(("scale", "shift"), CASES)
def test_grid_pass_equals_naive_pass_in_loss_and_gradients(scale, shift, rounding):
    torch.manual_seed(scale)
    net = SRNet(scale, shift, width=16)
    images = torch.randint(0, 256, (2, 9, 11))
    target = torch.rand(2, scale * 5, scale * 7) * 255
    found = {}
    for name, forward in (("grid", upscale_interior), ("naive", naive_sums)):
        net.zero_grad()
        sums = forward(net, images, rounding=rounding)
        grey = clamp_through(grey_from_sum(sums), 0, 255)
        loss = torch.nn.functional.mse_loss(grey, target)
        loss.backward()
        found[name] = sums.detach(), loss.detach(), [p.grad for p in net.parameters()]
    torch.testing.assert_close(found["grid"][0], found["naive"][0], rtol=1e-5, atol=2e-3)
    torch.testing.assert_close(found["grid"][1], found["naive"][1], rtol=1e-5, atol=0)
    for mine, wanted in zip(found["grid"][2], found["naive"][2], strict=True):
        assert wanted.abs().max() > 0
        torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-5 * wanted.abs().max().item())


def test_whole_table_gives_what_the_network_gives():
    torch.manual_seed(0)
    net = SRNet(3, 3, width=16)
    images = torch.randint(0, 256, (2, 8, 8))
    table = table_from_network(net)
    assert table.dtype == torch.int8
    assert table.shape == (256, 256, 9, 3, 3)
    windows, position = table_windows(table, 3)
    with torch.no_grad():
        wanted = upscale_interior(net, images)
    assert torch.equal(look_up(images, windows, position), wanted)


def test_unrounded_table_is_float_and_close():
    net = SRNet(2, 1, width=8)
    exact, rounded = table_from_network(net, rounding=False), table_from_network(net)
    assert exact.dtype == torch.float32
    error = (exact.clamp(-128, 127) - rounded.to(torch.float32)).abs().max()
    assert 0 < error <= 0.501


def test_pairs_come_with_their_swapped_twins():
    present, position = present_pairs(torch.tensor([3 * 256 + 9, 5 * 256 + 5]))
    assert present.tolist() == [3 * 256 + 9, 5 * 256 + 5, 9 * 256 + 3]
    assert position[present].tolist() == [0, 1, 2]


def test_wrong_sizes_and_shifts_are_named():
    net = SRNet(2, 1, width=8)
    with pytest.raises(ValueError, match=r"at least 5 x 5, got \(4, 9\)"):
        upscale_interior(net, torch.zeros(1, 4, 9, dtype=torch.int64))
    with pytest.raises(ValueError, match="from 1 to the scale 2, got 3"):
        upscale_interior(SRNet(2, 3, width=8), torch.zeros(1, 5, 5, dtype=torch.int64))
