"""The network route: train the network of two pixels, with int8 rounding in the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.crops import CropSampler
from training.device import pick_device
from training.eclut.borders import WEIGHT as BORDER_WEIGHT
from training.eclut.borders import patches_of, whole_sums
from training.eclut.constants import MARGIN
from training.eclut.export import NETWORK, export_checkpoint
from training.eclut.grid import (
    evaluate_present,
    full_windows,
    look_up,
    table_from_network,
    table_windows,
)
from training.eclut.network import SRNet
from training.eclut.options import TrainOptions
from training.eclut.quantize import grey_error, pixel_from_sum
from training.errors import TrainingError
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import Picture, load_pictures
from training.record import data_sets, with_licences
from training.run import CHECKPOINT, Run, Task, resume_run, start_run

#: Steps in which the learning rate rises.
WARM_UP = 100
#: Weight of the past in the running mean of the loss.
LOSS_MEMORY = 0.98


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the rate of a step: a linear rise, then half a cosine down to nearly 0."""
    rise = min(1.0, (step + 1) / WARM_UP)
    return peak * rise * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * step / steps)))


@torch.no_grad()
def validate(net: SRNet, pictures: Sequence[Picture], alpha: float, device: torch.device) -> float:
    """Return the mean PSNR-Y of the int8 table, without two input pixels at each side."""
    table = table_from_network(net, alpha)
    windows, position = table_windows(table, net.expand.expand_shift)
    shave = MARGIN * net.scale
    scores = []
    for picture in pictures:
        channels = torch.from_numpy(np.array(picture.lr))  # a copy: a cache is read-only
        channels = channels.permute(2, 0, 1).to(device, torch.int64)
        inside = pixel_from_sum(look_up(channels, windows, position)).permute(1, 2, 0)
        truth = picture.hr[shave:-shave, shave:-shave]
        scores.append(psnr_y(inside.cpu().numpy(), truth, shave=0))
    return float(np.mean(scores))


class NetworkTask(Task):
    """Training of the network; see `training.run.Task`.

    Parameters
    ----------
    options : TrainOptions
    cache : path, optional
        Folder of decoded pictures; without it, all are held in memory.
    """

    kind = NETWORK
    unit = "step"
    log_fields = ("loss", "lr", "val_psnr_y")
    packages = ()

    def __init__(self, options: TrainOptions, cache: str | Path | None = None) -> None:
        self.options, self.total = options, options.steps
        self.device = pick_device(options.device)
        scale, crop = options.scale, options.crop + 2 * MARGIN
        pictures = load_pictures(options.images, scale, min_side=crop, cache=cache)
        self.data = data_sets(pictures, options.images)
        with_licences(self.data, options.licences)  # a wrong name is reported before the work
        self.sampler = CropSampler(pictures, crop, MARGIN, options.batch, options.seed)
        least = 2 * MARGIN + 1
        val = options.val
        self.val = load_pictures(val, scale, min_side=least, cache=cache) if val else []
        torch.manual_seed(options.seed)
        self.net = SRNet(scale, options.expand_shift, options.width).to(self.device)
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.loss = math.nan
        self.quality = ""

    def start(self) -> None:
        """Do nothing: the network is initialised."""

    def advance(self, step: int) -> None:
        """Train on one batch."""
        rate = self._rate(step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._batch_loss(step)
        self.optimizer.zero_grad()
        loss.backward()
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {step}; the last checkpoint is intact. "
                f"Try a lower --lr than {self.options.lr}"
            )
        self.optimizer.step()
        old = value if math.isnan(self.loss) else self.loss
        self.loss = LOSS_MEMORY * old + (1 - LOSS_MEMORY) * value

    def _rate(self, step: int) -> float:
        return learning_rate(step, self.options.steps, self.options.lr)

    def _batch_loss(self, step: int) -> torch.Tensor:
        """Compute the error of a batch's inner parts and of its patches."""
        inputs, targets = (torch.from_numpy(a).to(self.device) for a in self.sampler(step))
        inputs, targets = inputs.to(torch.int64), targets.to(torch.float32)
        lut, position, swapped = evaluate_present(self.net, inputs, self.options.alpha)
        expand = self.net.expand
        inside = look_up(inputs, full_windows(lut, swapped, expand.expand_shift), position)
        patches, wanted = patches_of(inputs, targets, self.net.scale)
        whole = whole_sums(patches, lut, position, expand)
        return grey_error(inside, targets) + BORDER_WEIGHT * grey_error(whole, wanted)

    def log_row(self, step: int, saving: bool) -> dict[str, str] | None:
        """Return loss, learning rate and validation PSNR-Y, for each checkpoint."""
        if not saving:
            return None
        row = {"loss": f"{self.loss:.4f}", "lr": f"{self._rate(step):.3g}"}
        if self.val:
            score = validate(self.net, self.val, self.options.alpha, self.device)
            row["val_psnr_y"] = f"{score:.4f}"
            self.quality = f", val {score:.2f} dB"
        return row

    def summary(self) -> str:
        """Return the loss, and the last validation PSNR-Y."""
        return f"loss {self.loss:.2f}{self.quality}"

    def state(self) -> dict[str, Any]:
        """Return network, optimizer and loss."""
        return {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loss": self.loss,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loss = state["loss"]

    def finish(self, run: Run) -> Path:
        """Write the table of the last checkpoint."""
        return export_checkpoint(run.folder / CHECKPOINT, run.folder)


def train(
    options: TrainOptions, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Train a network and write its table; the ``train`` command.

    `cache` is passed to the task, `stop_at` to `training.run.start_run`, whose result is returned.
    """
    return start_run(options, partial(NetworkTask, cache=cache), stop_at=stop_at)


def resume(
    folder: str | Path, *, cache: str | Path | None = None, stop_at: int | None = None
) -> Path | None:
    """Continue the run in a folder; see `train`."""
    make_task = partial(NetworkTask, cache=cache)
    return resume_run(folder, TrainOptions, make_task, stop_at=stop_at)
