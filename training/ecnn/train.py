"""Training of ECNN: luma crops, levels and int8 tables in the loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.degradation.named import load_degradation, seeded
from training.degradation.steps import jpeg_encoder
from training.device import pick_device
from training.ecnn.ahead import Batch, CropsAhead
from training.ecnn.crops import Crops, LumaCrops, Planes, luma, planes_of, rounded_luma
from training.ecnn.degraded import DegradedCrops
from training.ecnn.export import to_model
from training.ecnn.gathered import GatheredCrops, to_device
from training.ecnn.network import WINDOW, Network, Shape
from training.ecnn.optimization import PENALTY_STEPS, Optimization
from training.ecnn.options import EcnnOptions
from training.ecnn.start import deepened, network_of, read_tables
from training.ecnn.tables import round_tables, upscale
from training.ecnn.teacher import open_teacher, with_teacher
from training.evaluation.pictures import Picture, load_pictures
from training.export import Origin, write_with_card
from training.losses import RunningLoss
from training.record import data_sets, with_licences
from training.run import Run, Task, load_run, resume_run, start_run

WARM_UP = 200
#: The learning rate ends at this fraction of its peak.
LAST_RATE = 5e-4
#: Steps between two counts of levels, crops that are counted, and a count's weight in the mean.
OBSERVED_STEPS, OBSERVED, OBSERVED_SHARE = 20, 4, 0.02
#: Weight of the newest step in the running mean of the loss.
NEWEST = 0.005
#: White in limited-range luma, as papers measure it.
LUMA_RANGE = 219.0


class EcnnTask(Task):
    """The task of a run of ECNN; see `training.run.Task`."""

    kind = "ecnn"
    unit = "step"
    log_fields = ("loss", "lr", "val_psnr_y")
    packages = ("numba",)

    def __init__(self, options: EcnnOptions, cache: str | Path | None = None) -> None:
        self.options, self.total = options, options.steps
        self.device = pick_device(options.device)
        self.shape = Shape(
            options.scale,
            options.channels,
            options.layers,
            options.window,
            options.kinks,
            options.knots,
            options.units,
            options.last_units,
        )
        teacher = open_teacher(options.teacher, options.scale) if options.teacher else None
        pictures = load_pictures(options.images, options.scale, options.crop, cache=cache)
        self.data = data_sets(pictures, options.images)
        with_licences(self.data, options.licences)  # a wrong name is reported before the work
        seed, self.degradation = options.seed, None
        size = (options.crop, self.shape.reach, options.batch, seed)
        self.crops: Crops
        self.batches: Callable[[int], Batch] | GatheredCrops
        if options.degrade is None:
            planes = [planes_of(each) for each in pictures]
            if teacher is not None:
                planes = with_teacher(planes, teacher, options.teacher_share)
            self.crops = self.batches = LumaCrops(planes, *size)
            if self.device.type != "cpu":
                self.batches = GatheredCrops(self.crops, self.device)
        else:
            self.degradation = load_degradation(options.degrade)
            self.crops = self.batches = DegradedCrops(pictures, self.degradation, *size)
            if options.workers:
                self.batches = CropsAhead(options.workers, options.degrade, pictures, *size)
        self.val: list[Planes] = []
        if options.val:
            pictures = load_pictures(options.val, options.scale, min_side=3, cache=cache)
            self.val = [self.planes_to_validate(picture) for picture in pictures]
        self.network = Network(self.shape, torch.Generator().manual_seed(seed)).to(self.device)
        self.network.base.requires_grad_(self.degradation is None)
        self.optimization = Optimization(self.network, options)
        self.loss = RunningLoss(NEWEST, options.lr)

    def planes_to_validate(self, picture: Picture) -> Planes:
        """Return the planes of a picture to validate on, degraded as those of the training."""
        if self.degradation is None:
            return planes_of(picture)
        rng = seeded(self.options.seed, picture.path.name)
        low = self.degradation(np.ascontiguousarray(picture.hr), self.options.scale, rng)
        return Planes(rounded_luma(low), luma(picture.hr))

    def start(self) -> None:
        """Take over the weights that the options name, and fit the base to degraded colours."""
        if self.options.init is not None:
            weights, own = self._first_weights(self.options.init), self.network.state_dict()
            weights = deepened(weights, self.shape.layers)
            fitting = {
                name: weights[name]
                if name in weights and weights[name].shape == value.shape
                else value
                for name, value in own.items()
            }
            self.network.load_state_dict(fitting)
        if isinstance(self.crops, DegradedCrops):
            base = torch.from_numpy(self.crops.colour_base(WINDOW))
            self.network.base.data.copy_(base)

    def _first_weights(self, init: str) -> dict[str, Any]:
        """Return the weights of a checkpoint, or those that make a model's tables."""
        if Path(init).suffix == ".pt":
            weights: dict[str, Any] = load_run(init, self.kind)["task"]["network"]
            return weights
        images, options = torch.from_numpy(self.crops(0)[0]), self.options
        found = network_of(read_tables(init), images, options.kinks, options.knots)
        return found.state_dict()

    def rate(self, step: int) -> float:
        """Return the learning rate of a step: a linear rise, then half a cosine."""
        return self.options.lr * self.share(step)

    def share(self, step: int) -> float:
        """Return the learning rate of a step as a fraction of its peak."""
        cosine = 0.5 + 0.5 * math.cos(math.pi * step / self.total)
        return min(1.0, (step + 1) / WARM_UP) * cosine + LAST_RATE

    def advance(self, step: int) -> None:
        """Do one step."""
        options = self.options
        image, wanted = self.batch(step)
        if step % OBSERVED_STEPS == 0:
            self.network.observe(image[:OBSERVED], max(OBSERVED_SHARE, 1 / (step + 1)))
        rounded = step >= options.round_at * self.total
        tables = round_tables(self.network) if step >= options.tables_at * self.total else None
        penalised = options.excess > 0 and step >= options.excess_at * self.total
        penalised = penalised and step % PENALTY_STEPS == 0
        share = self.share(step)
        loss = self.optimization.step(image, wanted, share, rounded, penalised, tables)
        self.loss.add(step, loss)

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets of a step, on the device."""
        if isinstance(self.batches, GatheredCrops):
            return self.batches(step)
        found = self.batches(step)
        if self.device.type == "cpu":
            return torch.from_numpy(found[0]), torch.from_numpy(found[1])
        return to_device(found, self.device)

    def log_row(self, step: int, saving: bool) -> Mapping[str, str] | None:
        """Return loss, rate and the validation's PSNR-Y, where a checkpoint follows."""
        if not saving:
            return None
        row = {"loss": f"{self.loss.read():.5f}", "lr": f"{self.rate(step):.3g}"}
        return {**row, "val_psnr_y": f"{self.validate():.4f}"} if self.val else row

    def summary(self) -> str:
        """Return the running mean of the loss."""
        return f"loss {self.loss.mean:.3f}"

    def validate(self) -> float:
        """Compute the mean PSNR-Y in dB of the rounded tables, on luma alone."""
        tables = round_tables(self.network)
        r, scores = self.shape.scale, []
        for planes in self.val:
            found = upscale(tables, torch.from_numpy(planes.lr).to(self.device)).cpu().numpy()
            error = (found - planes.hr / 256)[r:-r, r:-r] * (LUMA_RANGE / 255)
            scores.append(10 * np.log10(255**2 / np.mean(error**2)))
        return float(np.mean(scores))

    def state(self) -> dict[str, Any]:
        """Return network, optimizers and the running mean of the loss."""
        return {
            "network": self.network.state_dict(),
            "optimizers": self.optimization.state(),
            "loss": self.loss.read(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state."""
        self.network.load_state_dict(state["network"])
        self.optimization.load(state["optimizers"])
        self.loss.mean = state["loss"]

    def finish(self, run: Run) -> Path:
        """Write the model and its card."""
        options = self.options
        if isinstance(self.batches, CropsAhead):
            self.batches.close()
        model = to_model(options.model, round_tables(self.network))
        trained_on = with_licences(self.data, options.licences)
        degradation = None
        if options.degrade is not None:
            described = {"name": options.degrade, "seed": options.seed}
            degradation = {**described, "jpeg_encoder": jpeg_encoder()}
        origin = Origin(trained_on, options.command, run.commit, degradation)
        return write_with_card(run.folder, model, origin)


def train(
    options: EcnnOptions, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Train a network and write its model; the ``ecnn`` command.

    `cache` is passed to the task, `stop_at` to `training.run.start_run`, whose result is returned.
    """
    return start_run(options, partial(EcnnTask, cache=cache), stop_at=stop_at)


def resume(
    folder: str | Path, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Continue the run in a folder; see `train`."""
    return resume_run(folder, EcnnOptions, partial(EcnnTask, cache=cache), stop_at=stop_at)
