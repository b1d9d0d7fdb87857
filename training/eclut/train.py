"""The training loop: grid pass, clamp and int8 rounding in the loop, resumable."""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from training.checkpoint import load_checkpoint, make_folder, resumable, save_checkpoint
from training.curves import draw_curves
from training.eclut.borders import WEIGHT as BORDER_WEIGHT
from training.eclut.borders import patches_of, whole_sums
from training.eclut.export import export_checkpoint, with_licences
from training.eclut.grid import (
    MARGIN,
    evaluate_present,
    fuse,
    look_up,
    table_from_network,
    windows_of_table,
)
from training.eclut.network import SRNet
from training.eclut.quantize import grey_error, pixel_from_sum
from training.errors import TrainingError
from training.evaluation.metrics import psnr_y
from training.evaluation.pictures import CropSampler, Picture, load_pictures
from training.record import commit, read_json, read_log, versions, write_json, write_log

WARM_UP = 100
LOSS_MEMORY = 0.98


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear rise over the first steps, then half a cosine down to nearly nothing."""
    rise = min(1.0, (step + 1) / WARM_UP)
    return peak * rise * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def pick_device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("--device cuda: this machine has no CUDA device; use --device cpu")
    return torch.device(name)


def count_data(pictures: list[Picture], folder: Path) -> list[dict[str, Any]]:
    """How many pictures came from each sub-folder: the data sets named on the card."""
    names = Counter(
        inside.parts[0] if len(inside.parts) > 1 else folder.name
        for inside in (p.path.relative_to(folder) for p in pictures)
    )
    return [{"name": name, "images": count} for name, count in sorted(names.items())]


@torch.no_grad()
def validate(net: SRNet, pictures: list[Picture], alpha: float, device: torch.device) -> float:
    """Mean PSNR-Y of the int8 table, two input pixels shaved at every side."""
    table = table_from_network(net, alpha)
    windows, position = windows_of_table(table, net.expand.expand_shift)
    shave = MARGIN * net.scale
    scores = []
    for picture in pictures:
        channels = torch.from_numpy(np.array(picture.lr))  # a copy: a cache is read-only
        channels = channels.permute(2, 0, 1).to(device, torch.int64)
        inside = pixel_from_sum(look_up(channels, windows, position)).permute(1, 2, 0)
        truth = picture.hr[shave:-shave, shave:-shave]
        scores.append(psnr_y(inside.cpu().numpy(), truth, shave=0))
    return float(np.mean(scores))


class Run:
    """One training run and its folder.

    Parameters
    ----------
    args : dict
        The arguments of the ``train`` command; see ``python -m training train --help``.
    """

    def __init__(self, args: dict[str, Any]) -> None:
        self.args = args
        self.folder = Path(args["out"])
        self.device = pick_device(args["device"])
        torch.manual_seed(args["seed"])
        self.net = SRNet(args["scale"], args["expand_shift"], args["width"]).to(self.device)
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.step, self.loss, self.seconds = 0, math.nan, 0.0
        self.log: list[dict[str, Any]] = []
        self.commit = commit()

    def load_data(self, cache: str | Path | None = None) -> None:
        """Read the pictures, or map those that a cache folder has."""
        scale, crop = self.args["scale"], self.args["crop"] + 2 * MARGIN
        pictures = load_pictures(self.args["images"], scale, min_side=crop, cache=cache)
        self.data = count_data(pictures, Path(self.args["images"]))
        with_licences(self.data, self.args["licences"])  # a misspelt name shows now, not at the end
        seed, batch = self.args["seed"], self.args["batch"]
        self.sampler = CropSampler(pictures, crop, MARGIN, batch, seed)
        val = self.args["val"]
        self.val = load_pictures(val, scale, 2 * MARGIN + 1, cache=cache) if val else []

    def resume(self) -> None:
        """Continue where the last checkpoint stands."""
        state = load_checkpoint(self.folder / "checkpoint.pt", self.device)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.loss, self.seconds = state["step"], state["loss"], state["seconds"]
        self.commit = state["commit"]
        self.log = read_log(self.folder / "log.csv", self.step)

    def save(self) -> None:
        """Write the log, the checkpoint and the curves, each atomically."""
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "loss": self.loss,
            "seconds": self.seconds,
            "args": self.args,
            "data": self.data,
            "commit": self.commit,
        }
        with resumable(self.folder):
            write_log(self.folder / "log.csv", self.log)
            save_checkpoint(self.folder / "checkpoint.pt", state)
            draw_curves(self.log, self.folder / "curves.png")

    def train_step(self) -> None:
        """One batch: look up, compare, follow the gradient."""
        rate = learning_rate(self.step, self.args["steps"], self.args["lr"])
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        inputs, targets = (torch.from_numpy(a).to(self.device) for a in self.sampler(self.step))
        inputs, targets = inputs.to(torch.int64), targets.to(torch.float32)
        lut, position, swapped = evaluate_present(self.net, inputs, self.args["alpha"])
        expand = self.net.expand
        inside = look_up(inputs, fuse(lut, swapped, expand.expand_shift), position)
        patches, wanted = patches_of(inputs, targets, self.net.scale)
        whole = whole_sums(patches, lut, position, expand)
        loss = grey_error(inside, targets) + BORDER_WEIGHT * grey_error(whole, wanted)
        self.optimizer.zero_grad()
        loss.backward()
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} at step {self.step}; the last checkpoint is intact. "
                f"Try a lower --lr than {self.args['lr']}"
            )
        self.optimizer.step()
        self.step += 1
        old = value if math.isnan(self.loss) else self.loss
        self.loss = LOSS_MEMORY * old + (1 - LOSS_MEMORY) * value

    def train(self, stop_at: int | None = None) -> None:
        """Run to the end, or stop after a step as if killed there (for tests)."""
        steps, every = self.args["steps"], self.args["every"]
        psnr = ""
        started = time.monotonic() - self.seconds
        bar = tqdm(total=steps, initial=self.step, unit="step", desc="training", file=sys.stderr)
        with bar:
            while self.step < steps:
                self.train_step()
                bar.set_postfix_str(f"loss {self.loss:.2f}{psnr}", refresh=False)
                bar.update()
                if self.step % every == 0 or self.step == steps:
                    row = {"step": self.step, "loss": f"{self.loss:.4f}"}
                    row["lr"] = f"{learning_rate(self.step, steps, self.args['lr']):.3g}"
                    if self.val:
                        score = validate(self.net, self.val, self.args["alpha"], self.device)
                        row["val_psnr_y"] = f"{score:.4f}"
                        psnr = f", val {score:.2f} dB"
                    self.seconds = time.monotonic() - started
                    row["seconds"] = f"{self.seconds:.1f}"
                    self.log.append(row)
                    self.save()
                if self.step == stop_at:
                    return


def train(
    args: dict[str, Any],
    *,
    resume: bool = False,
    cache: str | Path | None = None,
    stop_at: int | None = None,
) -> Path | None:
    """Train, or continue, a run; the ``train`` command.

    Parameters
    ----------
    args : dict
        All arguments. With `resume` only ``out`` is used; the run's own hold.
    resume : bool
        Continue the run in the folder ``out``.
    cache : path, optional
        Folder to keep decoded pictures in; all are held in memory without it. The result does
        not depend on it.
    stop_at : int, optional
        Leave after this step without another word, as a kill would.

    Returns
    -------
    pathlib.Path or None
        The finished table; None when stopped.
    """
    folder = Path(args["out"])
    if resume:
        # The folder may have been moved since: its own name is not taken from the record.
        args = {**read_json(folder / "args.json")["args"], "out": str(folder)}
    elif (folder / "checkpoint.pt").exists():
        raise TrainingError(f"{folder} holds a run already: add --resume, or choose another --out")
    if args["scale"] not in (2, 3, 4):
        raise TrainingError(f"the scale must be 2, 3 or 4, got {args['scale']}")
    run = Run(args)
    run.load_data(cache)
    make_folder(folder)
    if resume and (folder / "checkpoint.pt").exists():
        run.resume()
    else:
        record = {"args": args, "data": run.data, "commit": run.commit, "versions": versions()}
        write_json(folder / "args.json", record)
    run.train(stop_at)
    if run.step < args["steps"]:
        return None
    return export_checkpoint(folder / "checkpoint.pt", folder)
