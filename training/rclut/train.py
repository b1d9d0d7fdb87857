"""Training of RC-LUT: crops of one colour channel, tables in the loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

import lutsr
from training.crops import CropSampler, held
from training.device import load_optimizer, pick_device, send
from training.evaluation.methods import model_method
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import Picture, load_pictures
from training.export import Origin, write_with_card
from training.graphs import GraphedSteps
from training.losses import RunningLoss
from training.rclut.export import to_model
from training.rclut.network import RCLUT, Shape
from training.rclut.options import RclutOptions
from training.record import data_sets, with_licences
from training.run import Run, Task, resume_run, start_run

WARM_UP = 50
#: The learning rate ends at this fraction of its peak.
LAST_RATE = 0.01
#: Weight of the newest step in the running mean of the loss.
NEWEST = 0.02


class RclutTask(Task):
    """The task of a run of RC-LUT; see `training.run.Task`."""

    kind = "rclut"
    unit = "step"
    log_fields = ("mse", "lr", "val_psnr_y")
    packages = ("numba",)

    def __init__(self, options: RclutOptions, cache: str | Path | None = None) -> None:
        self.options, self.total = options, options.steps
        self.device = pick_device(options.device)
        pictures = load_pictures(options.images, options.scale, options.crop, cache=cache)
        self.data = data_sets(pictures, options.images)
        with_licences(self.data, options.licences)  # a wrong name is reported before the work
        # Rotations are in the network, so mirrored crops give all orientations.
        self.crops = CropSampler(
            [held(each) for each in pictures], options.crop, 0, options.batch, options.seed, True
        )
        self.val: list[Picture] = []
        if options.val:
            self.val = load_pictures(options.val, options.scale, min_side=3, cache=cache)
        torch.manual_seed(options.seed)
        shape = Shape(options.scale, options.width, options.tables == "curves")
        self.network = RCLUT(shape).to(self.device)
        on_gpu = self.device.type == "cuda"
        # On a GPU the rate is a tensor, which the graph of a step reads.
        lr = torch.full((), options.lr, device=self.device) if on_gpu else options.lr
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr, fused=on_gpu, capturable=on_gpu
        )
        self.graphs = GraphedSteps(self.update) if on_gpu else None
        self.mse = RunningLoss(NEWEST, options.lr)

    def start(self) -> None:
        """Do nothing: the network is there."""

    def rate(self, step: int) -> float:
        """Return the learning rate of a step: a linear rise, then half a cosine."""
        cosine = 0.5 + 0.5 * math.cos(math.pi * step / self.total)
        low = LAST_RATE
        return self.options.lr * min(1.0, (step + 1) / WARM_UP) * (low + (1 - low) * cosine)

    def advance(self, step: int) -> None:
        """Do one step."""
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(self.rate(step))
            else:
                group["lr"] = self.rate(step)
        image, wanted = (send(pixels, self.device) for pixels in self.crops(step))
        update = self.graphs or self.update
        self.mse.add(step, update(None, image, wanted))

    def update(self, kind: None, image: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Do one step on these crops, the only kind there is, and return the loss."""
        self.network.train()
        loss = functional.mse_loss(self.network(image.float()), wanted.float())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def log_row(self, step: int, saving: bool) -> Mapping[str, str] | None:
        """Return loss, rate and the validation's PSNR-Y, where a checkpoint follows."""
        if not saving:
            return None
        row = {"mse": f"{self.mse.read():.3f}", "lr": f"{self.rate(step):.3g}"}
        return {**row, "val_psnr_y": f"{self.validate():.4f}"} if self.val else row

    def summary(self) -> str:
        """Return the running mean of the losses that have been read, if any has."""
        return "" if math.isnan(self.mse.mean) else f"mse {self.mse.mean:.1f}"

    def validate(self) -> float:
        """Compute the mean PSNR-Y in dB of the exported model, as ``evaluate`` does."""
        method = model_method(lutsr.Upscaler(to_model("trained", self.network)))
        scale = self.options.scale
        scores = [psnr_y(method.upscale(each.lr), each.hr, shave=scale) for each in self.val]
        return float(np.mean(scores))

    def state(self) -> dict[str, Any]:
        """Return network, optimizer and the running mean of the loss."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "mse": self.mse.read(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state."""
        self.network.load_state_dict(state["network"])
        load_optimizer(self.optimizer, state["optimizer"])
        self.mse.mean = state["mse"]

    def finish(self, run: Run) -> Path:
        """Write the model and its card."""
        options = self.options
        origin = Origin(with_licences(self.data, options.licences), options.command, run.commit)
        return write_with_card(run.folder, to_model(options.model, self.network), origin)


def train(
    options: RclutOptions, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Train a network and write its model; the ``rclut`` command.

    `cache` is passed to the task, `stop_at` to `training.run.start_run`, whose result is returned.
    """
    return start_run(options, partial(RclutTask, cache=cache), stop_at=stop_at)


def resume(
    folder: str | Path, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Continue the run in a folder; see `train`."""
    return resume_run(folder, RclutOptions, partial(RclutTask, cache=cache), stop_at=stop_at)
