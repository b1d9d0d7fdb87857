"""The look-ups in torch operations equal the compiled ones, alone and in a step of training."""

from contextlib import nullcontext

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from training.rclut import compiled, lookups, plain  # noqa: E402
from training.rclut.kernels import SIDE  # noqa: E402
from training.rclut.network import RCLUT, Shape  # noqa: E402
from training.rclut.options import RclutOptions  # noqa: E402
from training.rclut.train import RclutTask  # noqa: E402


def codes_of(*shape):
    """Make random codes, a part of them at both ends of the range and with equal fractions."""
    random = torch.Generator().manual_seed(0)
    codes = torch.randint(256, shape, generator=random)
    ends = torch.tensor([0, 255, 15, 240, 128])[torch.randint(5, shape, generator=random)]
    codes = torch.where(torch.rand(shape, generator=random) < 0.3, ends, codes).float()
    assert codes.min() == 0
    assert codes.max() == 255
    return codes


def entries_of(*shape):
    random = torch.Generator().manual_seed(1)
    return torch.randint(-128, 128, shape, generator=random).float()


def assert_close(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert other.abs().max() > 0
        # Sums of thousands of float32 values of either sign.
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


@pytest.mark.parametrize(("side", "outputs"), [(1, 1), (1, 16), (3, 1), (5, 1), (7, 1)])
def test_windows_are_equal(side, outputs):
    codes, tables = codes_of(3, 20, 17), entries_of(side, side, 256, outputs)
    sums = compiled.sum_windows(codes, tables)
    assert torch.equal(plain.sum_windows(codes, tables), sums)
    grads = torch.randn(sums.shape, generator=torch.Generator().manual_seed(2))
    slopes = torch.randn(tables.shape, generator=torch.Generator().manual_seed(3))
    found, wanted = (ops.sum_windows_backward(codes, grads, slopes) for ops in (plain, compiled))
    assert_close(found, wanted)


@pytest.mark.parametrize("outputs", [1, 16])
def test_cells_are_equal(outputs):
    codes, table = codes_of(3, 20, 17), entries_of(SIDE**4, outputs)
    sums = compiled.sum_cells(codes, table)
    assert torch.equal(plain.sum_cells(codes, table), sums)
    grads = torch.randn(sums.shape, generator=torch.Generator().manual_seed(2))
    found, wanted = (ops.sum_cells_backward(codes, grads, table) for ops in (plain, compiled))
    assert_close(found, wanted)


def test_codes_that_are_not_finite_read_some_entry():
    codes = torch.full((1, 4, 4), torch.nan)
    assert plain.sum_windows(codes, entries_of(3, 3, 256, 1)).isfinite().all()
    assert plain.sum_cells(codes, entries_of(SIDE**4, 1)).isfinite().all()


@pytest.mark.parametrize("tables", ["curves", "lines"])
def test_a_step_of_training_is_the_same(pictures, tmp_path, monkeypatch, tables):
    options = RclutOptions(
        images=str(pictures),
        out=str(tmp_path / "run"),
        device="cpu",
        tables=tables,
        width=4,
        batch=2,
        crop=16,
        steps=10,
    )
    losses, grads = [], []
    for ops in (compiled, plain):
        monkeypatch.setattr(lookups, "operations", lambda device, ops=ops: ops)
        task = RclutTask(options)
        task.advance(0)
        losses.append(task.mse.read())
        grads.append([parameter.grad for parameter in task.network.parameters()])
    assert losses[0] == losses[1]
    for one, other in zip(*grads, strict=True):
        # Dense layers are in bfloat16: a gradient may be rounded to another one of its values.
        torch.testing.assert_close(one, other, rtol=0.05, atol=0.02 * float(other.abs().max()))


@pytest.mark.parametrize("curved", [True, False])
def test_no_operation_waits_for_the_device(curved, monkeypatch):
    """Tensors without values cannot be read, and do not mix with those of the CPU."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # unknown for "meta"
    network = RCLUT(Shape(3, 4, curved)).to("meta").train()
    image, wanted = (torch.empty(2, side, side, device="meta") for side in (16, 48))
    torch.nn.functional.mse_loss(network(image), wanted).backward()
    for parameter in network.parameters():
        assert parameter.grad.shape == parameter.shape
    assert network(torch.empty(1, 9, 5, device="meta")).shape == (1, 27, 15)
