import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.eclut.constants import tap_offsets  # noqa: E402
from training.eclut.network import (  # noqa: E402
    ExpandConv,
    SRNet,
    add_row_below,
    ensemble,
    reflect_pad,
)
from training.eclut.options import ALPHA  # noqa: E402


def test_taps_run_row_major():
    assert tap_offsets(3)[0] == (-3, -3)
    assert tap_offsets(3)[1] == (-3, 0)
    assert tap_offsets(3)[4] == (0, 0)
    assert tap_offsets(3)[5] == (0, 3)


@pytest.mark.parametrize("tap", range(9))
@pytest.mark.parametrize("shift", [1, 2])
def test_expand_conv_moves_a_dot_by_the_taps_offset(tap, shift):
    maps = torch.zeros(1, 9, 9, 9)
    maps[0, tap, 4, 4] = 9.0
    moved = ExpandConv(shift)(maps)
    assert moved.shape == (1, 1, 9, 9)
    dy, dx = tap_offsets(shift)[tap]
    assert moved.nonzero()[:, 2:].tolist() == [[4 + dy, 4 + dx]]
    assert moved.max() == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (2, 3), (5, 4)])
def test_expand_conv_reflects_as_numpy_does(shape):
    maps = np.random.default_rng(0).normal(size=(9, *shape))
    padded = np.pad(maps, ((0, 0), (4, 4), (4, 4)), mode="reflect")
    height, width = shape
    wanted = sum(
        padded[t, 4 - dy : 4 - dy + height, 4 - dx : 4 - dx + width]
        for t, (dy, dx) in enumerate(tap_offsets(4))
    )
    found = ExpandConv(4)(torch.from_numpy(maps[None]))[0, 0]
    np.testing.assert_allclose(found.numpy(), wanted / 9, rtol=1e-12, atol=1e-12)


def test_expand_conv_names_a_wrong_shape():
    with pytest.raises(ValueError, match=r"\(N, 9, H, W\), got \(1, 8, 4, 4\)"):
        ExpandConv(1)(torch.zeros(1, 8, 4, 4))


def test_reflect_pad_agrees_with_torch_where_torch_can():
    maps = torch.randn(1, 2, 6, 7)
    wanted = torch.nn.functional.pad(maps, (3, 3, 3, 3), mode="reflect")
    assert torch.equal(reflect_pad(maps, 3), wanted)


def test_row_below_is_the_reflected_one():
    image = torch.arange(6.0).reshape(1, 1, 3, 2)
    assert add_row_below(image)[0, 0].tolist() == [[0, 1], [2, 3], [4, 5], [2, 3]]
    one_row = image[:, :, :1]
    assert add_row_below(one_row)[0, 0].tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (4, 3)])
def test_network_upscales_and_folds_channels(scale, size):
    net = SRNet(scale, scale, width=8)
    x = torch.rand(2, 3, *size)
    found = net(x, ALPHA)
    assert found.shape == (2, 3, scale * size[0], scale * size[1])
    alone = net(x[1:, 2:], ALPHA)
    torch.testing.assert_close(found[1:, 2:], alone)


def test_alpha_is_a_plain_factor():
    net = SRNet(2, 1, width=8)
    x = torch.rand(1, 1, 4, 4)
    torch.testing.assert_close(net(x, 0.5), 2 * net(x, 0.25))


def test_layers_are_the_published_ones():
    net = SRNet(4, 1)
    convs = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert [tuple(c.weight.shape) for c in convs] == [
        (64, 1, 2, 1),
        *[(64, 64, 1, 1)] * 4,
        (144, 64, 1, 1),
    ]
    assert all(c.padding == (0, 0) and not c.bias.any() for c in convs)
    assert convs[1].weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.1)


def test_head_channels_run_tap_then_pixel():
    net = SRNet(2, 1, width=4)
    head = net.head
    torch.nn.init.zeros_(head.weight)
    head.bias.data = torch.arange(36.0)
    maps = net.maps(torch.zeros(1, 1, 2, 1))[0]
    assert maps.shape == (9, 2, 2)
    assert torch.equal(maps, torch.arange(36.0).reshape(9, 2, 2))


def test_ensemble_commutes_with_quarter_turns():
    net = SRNet(2, 2, width=8)
    x = torch.rand(1, 1, 5, 7)

    def both(image):
        return ensemble(lambda turned: net(turned, ALPHA), image)

    torch.testing.assert_close(both(torch.rot90(x, 1, (2, 3))), torch.rot90(both(x), 1, (2, 3)))


def test_network_names_a_wrong_scale():
    with pytest.raises(ValueError, match=r"scale must be one of .* got 5"):
        SRNet(5, 1)
