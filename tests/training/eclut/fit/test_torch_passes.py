"""The passes that CUDA takes, on CPU tensors: the same code, compared with the compiled passes."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from training.eclut.fit import objective as objective_module  # noqa: E402
from training.eclut.fit import solver, torch_passes  # noqa: E402
from training.eclut.fit.passes import Passes  # noqa: E402
from training.eclut.fit.torch_passes import TorchPasses, passes_on  # noqa: E402
from training.eclut.windows import limits, reach, symmetrise  # noqa: E402
from training.evaluation.pictures import LoadedPicture, Picture  # noqa: E402

CPU = torch.device("cpu")


def some_pictures(scale: int) -> list[Picture]:
    """Pictures of several shapes, one of them the smallest there may be; flat on the left."""
    rng = np.random.default_rng(scale)

    def picture(h: int, w: int) -> Picture:
        full = rng.integers(0, 256, (h * scale, w * scale, 3), np.uint8)
        full.flags.writeable = False  # as a cache's are
        low = rng.integers(0, 256, (h, w, 3), np.uint8)
        low[:, : w // 2] = 100 + low[:, : w // 2] // 32
        return LoadedPicture(Path("none"), full, low)

    return [picture(h, w) for h, w in ((9, 23), (31, 8), (5, 5))]


@pytest.mark.parametrize("goal", [4.0, 0.0])
@pytest.mark.parametrize(("scale", "shift"), [(2, 2), (3, 1), (4, 4)])
def test_equal_the_compiled_passes(scale, shift, goal, monkeypatch):
    monkeypatch.setattr(torch_passes, "STRIP", 200)  # strips of a few rows, the last one shorter
    torch.manual_seed(scale)
    windows = 20 * symmetrise(torch.randn(256, 256, 4, 3, scale, scale)) * reach(scale, shift)
    pictures = some_pictures(scale)
    plain = Passes(pictures, scale)(windows, goal)[1]
    sums, squares = Passes(pictures, scale, 9)(windows, goal)
    assert squares > 1.1 * plain
    ours, our_squares = TorchPasses(pictures, scale, CPU, 9)(windows, goal)
    assert our_squares == pytest.approx(squares, rel=1e-5)
    torch.testing.assert_close(ours, sums, rtol=1e-4, atol=1e-5 * sums.abs().max().item())


def test_are_those_of_cuda():
    pictures = some_pictures(2)
    assert type(passes_on(CPU, pictures, 2)) is Passes
    cuda = passes_on(torch.device("cuda"), pictures, 2)
    assert type(cuda) is TorchPasses
    assert cuda.device.type == "cuda"


class OnMeta(TorchPasses):
    """Passes on a device without values, where mixing devices fails as it does on CUDA."""

    def __init__(self, pictures: list[Picture], scale: int) -> None:
        super().__init__(pictures, scale, torch.device("meta"))

    def __call__(self, windows: torch.Tensor, goal: float = 4.0) -> tuple[torch.Tensor, float]:
        with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
            super().__call__(windows, goal)  # until its last step, which needs the value
        return torch.empty_like(windows), 1.0


def test_pass_and_solver_stay_on_the_device_of_the_passes(monkeypatch):
    monkeypatch.setattr(objective_module, "KNOTS", (0, 8, 64, 255))
    monkeypatch.setattr(objective_module, "MEANS", 2)
    for module in (objective_module, solver):
        monkeypatch.setattr(module, "dot", lambda a, b: float((a * b).device == a.device))
    objective = solver.Objective(OnMeta(some_pictures(2), 2), 5.0, reach(2, 2))
    inverses = [part for parts in objective.coarse_inverses for part in parts]
    tensors = [value for value in vars(objective).values() if isinstance(value, torch.Tensor)]
    assert len(tensors) == 4
    assert all(value.is_meta for value in tensors + inverses)
    low, high = limits(2, 2)
    ends = low.to("meta"), high.to("meta")
    descent = solver.Descent(objective, torch.zeros(256, 256, 4, 3, 2, 2, device="meta"))
    descent.restart()
    descent.step()
    descent.restart(ends)
    descent.step()
    rounding = solver.Rounding.start(objective, descent.windows, ends)
    rounding.step(1)
    for each in (descent, rounding):
        assert all(v.is_meta for v in each.state().values() if isinstance(v, torch.Tensor))
