"""The running mean of losses: read in groups, in order, and refused when not finite."""

import math

import pytest

torch = pytest.importorskip("torch")

from training.errors import TrainingError  # noqa: E402
from training.losses import TOGETHER, RunningLoss  # noqa: E402


def test_the_mean_does_not_depend_on_when_losses_are_read():
    values = [float(k % 7) for k in range(2 * TOGETHER + 3)]
    expected = values[0]
    for value in values[1:]:
        expected += 0.1 * (value - expected)
    often, rarely = RunningLoss(0.1, 1), RunningLoss(0.1, 1)
    for step, value in enumerate(values):
        often.add(step, torch.tensor(value))
        often.read()
        rarely.add(step, torch.tensor(value))
    assert often.mean != rarely.mean  # three losses are not read yet
    assert often.read() == rarely.read() == pytest.approx(expected)
    assert math.isnan(RunningLoss(0.1, 1).read())


def test_a_loss_that_is_not_finite_is_named_with_its_step():
    loss = RunningLoss(0.1, 0.5)
    for step in range(TOGETHER - 1):
        loss.add(step, torch.tensor(math.nan if step == 3 else 1.0))
    with pytest.raises(TrainingError, match=r"loss is nan at step 3; .*lower --lr than 0.5"):
        loss.add(TOGETHER - 1, torch.tensor(1.0))
