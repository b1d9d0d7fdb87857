"""The compiled operations equal the plain ones, and gradients are those of the function."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.ecnn import compiled, fused, plain, steps  # noqa: E402
from training.ecnn.convolutions import (  # noqa: E402
    convolve_by_product,
    convolve_one,
    half_precision,
)
from training.ecnn.network import Network, Shape  # noqa: E402
from training.ecnn.steps import Rounding, hidden_features  # noqa: E402
from training.ecnn.tables import hidden_maps, round_tables  # noqa: E402

B, C, K, N = 2, 5, 2, 4


def maps(*shape: int, seed: int = 0, scale: float = 1) -> torch.Tensor:
    values = scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return values.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


@pytest.fixture
def kinks():
    return 0.5 * torch.randn(C, K, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("half", [0, 32])
@pytest.mark.parametrize("residual", [False, True])
def test_maps_are_equal(half, residual, kinks):
    before = maps(B, C, 9, 11) if residual else None
    change = maps(B, C, 7, 9, seed=1)
    found = [ops.update_maps(before, change, kinks, half) for ops in (compiled, plain)]
    assert torch.equal(*found)
    assert found[0][:, :C].float().max() == (1 - 1 / 32 if half else 1)

    grads, after = maps(B, C * (K + 1), 7, 9, seed=2), maps(B, C, 3, 5, seed=3)
    for later in (None, after):
        one, other = (
            ops.update_maps_backward(found[0], grads, kinks, half, later)
            for ops in (compiled, plain)
        )
        assert torch.equal(one[0], other[0])
        torch.testing.assert_close(one[1], other[1], rtol=1e-5, atol=1e-4)


def test_one_channel_is_convolved_by_a_product_alike():
    image, weights = maps(B, 1, 7, 9), maps(N, 1, 3, 3, seed=1).float().requires_grad_()
    found = []
    for convolution in (convolve_one, convolve_by_product):
        result = convolution(image, weights.to(torch.bfloat16))
        (grad,) = torch.autograd.grad(result.float().square().sum(), weights)
        found.append((result, grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0.02, atol=0.02)


def test_levels_are_equal(kinks):
    random = torch.Generator().manual_seed(0)
    levels = torch.randint(64, (B, 9, 9, C), dtype=torch.uint8, generator=random)
    entries = torch.randint(-128, 128, (3, 3, C, 64, C), dtype=torch.int8, generator=random)
    levels = levels.permute(0, 3, 1, 2)
    one, other = (ops.look_up(levels, entries) for ops in (compiled, plain))
    assert torch.equal(one.long(), other)
    found = [ops.update_levels(one, 16, kinks) for ops in (compiled, plain)]
    assert torch.equal(found[0][0].long(), found[1][0].long())
    assert torch.equal(found[0][1], found[1][1])


def test_errors_are_equal():
    random = torch.Generator().manual_seed(0)
    image = torch.randint(256, (B, 4, 5), dtype=torch.uint8, generator=random)
    wanted = torch.randint(65281, (B, 4, 5, N), generator=random).to(torch.uint16)
    flats = 0.1 * torch.randn(256, N, generator=random)
    added, base = maps(B, N, 4, 5, scale=0.1), maps(B, N, 4, 5, seed=1, scale=0.1)
    one, other = (
        ops.squared_errors(image, added, base, flats, wanted) for ops in (compiled, plain)
    )
    torch.testing.assert_close(one[0], other[0], rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(one[1], other[1])
    weights = torch.tensor([0.5, 2.0])
    one, other = (ops.squared_errors_backward(image, one[0], weights) for ops in (compiled, plain))
    torch.testing.assert_close(one[0].float(), other[0].float(), rtol=1e-2, atol=0)
    torch.testing.assert_close(one[1], other[1])


def test_the_gradient_is_that_of_the_error():
    """A step against the gradient lowers the error by what the gradient says."""
    network = Network(Shape(2, channels=4, layers=1, window=3), torch.Generator().manual_seed(1))
    random = torch.Generator().manual_seed(0)
    image = torch.randint(256, (3, 16, 16), dtype=torch.uint8, generator=random)
    n = 16 - 2 * network.shape.reach
    wanted = torch.randint(65281, (3, n, n, 4), generator=random).to(torch.uint16)
    before = network.errors(image, wanted, False).mean()
    before.backward()
    grads = [p.grad for p in network.parameters()]
    assert all(grad is not None and grad.abs().sum() > 0 for grad in grads)
    square = sum(float((grad**2).sum()) for grad in grads)
    first = before.item()
    step = 0.02 * first / square
    with torch.no_grad():
        for parameter, grad in zip(network.parameters(), grads, strict=True):
            parameter -= step * grad
    after = network.errors(image, wanted, False).mean()
    expected = 0.02 * first
    assert 0.7 * expected < first - after.item() < 1.3 * expected


def test_with_tables_the_error_is_that_of_the_tables():
    network = Network(Shape(2, channels=4, layers=1, window=3), torch.Generator().manual_seed(1))
    tables = round_tables(network)
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16), dtype=np.uint8)
    n = 16 - 2 * network.shape.reach
    wanted = torch.zeros(1, n, n, 4, dtype=torch.uint16)
    exact = network.errors(torch.from_numpy(image), wanted, True, tables)
    close = network.errors(torch.from_numpy(image), wanted, True)
    assert exact != close
    torch.testing.assert_close(exact, close, rtol=0.05, atol=0)
    exact.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_levels_of_tables_are_those_of_the_maps():
    network = Network(Shape(2, channels=6, layers=3, window=5), torch.Generator().manual_seed(1))
    random = torch.Generator().manual_seed(0)
    image = torch.randint(256, (2, 20, 20), dtype=torch.uint8, generator=random)
    network.observe(image, 1)
    levels = hidden_maps(round_tables(network), image)
    weights = [half_precision(w) for w in network.convolutions()]
    features = network.basis.to(torch.bfloat16)[image.long()].permute(0, 3, 1, 2)
    every, _ = hidden_features(
        features, Rounding(32), weights, list(network.biases), list(network.kinks)
    )
    for found, maps in zip(levels, every[1:], strict=True):
        values = maps[:, :6].float() * 32 + 32
        assert values.std() > 3
        assert (found.float() - values).square().mean().sqrt() < 1


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's own
def test_a_step_of_the_operations_for_cuda_is_the_same(monkeypatch):
    """Fused by torch, for layers of three sizes, and with targets as CUDA has them."""
    # Scalar code: torch need not find out by compiling what vectors the processor has.
    monkeypatch.setattr("torch._inductor.cpu_vec_isa.valid_vec_isa_list", list)
    random = torch.Generator().manual_seed(0)
    image = torch.randint(256, (3, 16, 16), dtype=torch.uint8, generator=random)
    wanted = torch.randint(65281, (3, 6, 6, 4), generator=random, dtype=torch.int32)
    found = []
    for ops in (compiled, fused):
        monkeypatch.setattr(steps, "operations", lambda device, ops=ops: ops)
        network = Network(Shape(2, channels=4, layers=3), torch.Generator().manual_seed(1))
        assert network.shape.reach == 6
        target = wanted[:, 1:-1, 1:-1]
        target = target.to(torch.uint16) if ops is compiled else target
        errors = network.errors(image, target.contiguous(), True)
        errors.sum().backward()
        found.append([errors.detach(), *(p.grad for p in network.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0.02, atol=1e-3 * float(one.abs().max()))
