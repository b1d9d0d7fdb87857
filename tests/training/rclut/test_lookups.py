"""Look-ups and their gradients against plain indexing and differences."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.rclut.compiled import ROWS  # noqa: E402
from training.rclut.kernels import SIDE  # noqa: E402
from training.rclut.lookups import snap, sum_cells, sum_windows, used_entries  # noqa: E402
from training.rclut.network import RCLUT, Shape  # noqa: E402


def codes_of(*shape, seed=0):
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.integers(0, 256, shape)).float()


@pytest.mark.parametrize(("n", "outputs"), [(1, 2), (3, 1), (5, 1), (7, 1)])
def test_windows_are_summed_and_their_gradients_are_those_of_indexing(n, outputs):
    codes = codes_of(2, n + 3, n + 2).requires_grad_()
    tables = torch.randn(n, n, 256, outputs, requires_grad=True)
    weights = torch.randn(2, 4, 3, outputs)
    sums = sum_windows(codes, tables)
    (sums * weights).sum().backward()
    found, tables.grad = tables.grad.clone(), None
    plain = sum(
        tables[i, j][codes[:, i : i + 4, j : j + 3].long()] for i in range(n) for j in range(n)
    )
    (plain * weights).sum().backward()
    torch.testing.assert_close(sums, plain)
    torch.testing.assert_close(found, tables.grad)


def test_codes_get_the_slope_of_a_line():
    lines = 0.5 * torch.arange(256.0)[:, None]
    codes = codes_of(1, 3, 3).requires_grad_()
    sum_windows(codes, lines.expand(3, 3, 256, 1).contiguous()).sum().backward()
    assert torch.allclose(codes.grad, torch.full((1, 3, 3), 0.5))


def multilinear(codes, table):
    """Interpolate by sorting fractions, one position after the other."""
    total = torch.zeros(*codes.shape[1:], table.shape[1])
    for place in np.ndindex(*codes.shape[1:]):
        four = [int(code) for code in codes[(slice(None), *place)]]
        strides = [SIDE**3, SIDE**2, SIDE, 1]
        entry = sum((code // 16) * stride for code, stride in zip(four, strides, strict=True))
        left = 16
        for axis in sorted(range(4), key=lambda axis: -(four[axis] % 16)):
            total[place] += (left - four[axis] % 16) * table[entry]
            left, entry = four[axis] % 16, min(entry + strides[axis], len(table) - 1)
        total[place] += left * table[entry]
    return total


def test_cells_are_interpolated_and_have_the_gradients_of_that():
    codes = codes_of(2, 4, 5, seed=1).requires_grad_()
    table = torch.randn(SIDE**4, 3, requires_grad=True)
    weights = torch.randn(2, 3, 4, 3)
    sums = sum_cells(codes, table)
    (sums * weights).sum().backward()
    found, table.grad = table.grad.clone(), None
    near = torch.stack([codes[:, i : i + 3, j : j + 4] for i in (0, 1) for j in (0, 1)])
    plain = multilinear(near.detach(), table)
    (plain * weights).sum().backward()
    torch.testing.assert_close(sums, plain)
    torch.testing.assert_close(found, table.grad)
    changed = set(table.grad.abs().sum(1).nonzero()[:, 0].tolist())
    used = used_entries([codes]).tolist()
    assert changed <= set(used)
    assert len(used) == len(set(used)) == ROWS
    # A table that is linear in the codes has their gradient.
    axis = torch.arange(SIDE, dtype=torch.float32)
    linear = torch.cartesian_prod(axis, axis, axis, axis) @ torch.tensor([1.0, 2.0, 3.0, 4.0])
    codes.grad = None
    sum_cells(codes, linear[:, None]).sum().backward()
    assert codes.grad[0].tolist() == [
        [1, 3, 3, 3, 2],
        [4, 10, 10, 10, 6],
        [4, 10, 10, 10, 6],
        [3, 7, 7, 7, 4],
    ]


def test_no_more_entries_than_there_are():
    assert len(used_entries([codes_of(8, 300, 300)])) == SIDE**4


def test_snap_keeps_gradients_that_lead_back_inside():
    values = torch.tensor([-200.0, -200.0, 0.5, 1.5, 200.0, 200.0], requires_grad=True)
    snapped = snap(values, -128, 127)
    assert snapped.tolist() == [-128, -128, 0, 2, 127, 127]
    snapped.backward(torch.tensor([1.0, -1.0, 1.0, 1.0, 1.0, -1.0]))
    assert values.grad.tolist() == [0, -1, 1, 1, 1, 0]


def test_training_evaluates_entries_as_the_whole_table():
    torch.manual_seed(0)
    conv = RCLUT(Shape(2, width=4)).first.convs[0]
    used = torch.tensor([5, 80_000, 17])
    part, whole = conv.entries(used), conv.entries()
    # In bfloat16 the order of sums may depend on the number of rows.
    assert (part[used] - whole[used]).abs().max() <= 1
    assert part.count_nonzero() <= 3
