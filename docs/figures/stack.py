"""What the layers of the default model have learnt: some of its tables, and the maps of a picture.

The picture is a part of "chelsea" (CC0, by Stefan van der Walt), which comes with scikit-image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage import data

from lutsr._chain.card import read_chain
from lutsr._chain.reference import run_layer
from lutsr._modelfile import read_shipped
from lutsr._modelinfo import DEFAULT_MODEL
from lutsr._stack.plan import Stack, find_stack
from lutsr._stack.reference import luma
from training.curves import save_figure
from training.evaluation.degrade import shrink

SCALE = 4
#: Channels that are drawn.
CHANNELS = 8
#: Rows and columns of the reduced picture: an eye and fur.
PART = np.s_[12:60, 22:94]


def stack_of(name: str) -> Stack:
    """Return the tables of a shipped stack, by window place and channel."""
    model = read_shipped(name, SCALE)
    found = find_stack(read_chain(model.scale, model.parameters, model.tables))
    if found is None:
        raise ValueError(f"{name} is not a stack of one-pixel tables")
    return found


def maps(name: str) -> tuple[NDArray[np.int32], list[NDArray[np.int32]]]:
    """Return a part of the picture, and the hidden maps (rows, columns, channels) of each layer."""
    model = read_shipped(name, SCALE)
    (stage,) = read_chain(model.scale, model.parameters, model.tables).stages
    grey = luma(shrink(data.chelsea(), SCALE).astype(np.int32))[PART]
    registers = {"image": grey[..., np.newaxis]}
    found = []
    for layer in stage.layers[:-1]:
        registers[layer.out] = run_layer(registers, layer)
        found.append(registers[layer.out])
    return grey, found


def draw_tables(stack: Stack, path: Path) -> None:
    """Draw what one pixel adds, by its level: to channels of the first layer, and of the next."""
    figure = Figure(figsize=(9.6, 5.4), dpi=100, layout="constrained")
    panels = figure.subplots(2, CHANNELS // 2, sharex="row", sharey="row")
    middle = len(stack.first) // 2
    hidden = stack.body[0]
    for k, (above, below) in enumerate(panels.T):
        for label, row, column in (("own", 0, 0), ("left", 0, -1), ("above", -1, 0)):
            first = stack.first[middle + row, middle + column, 0, :, k]
            above.plot(first / (1 << stack.shifts[0]), lw=1.2, label=label)
            second = hidden[1 + row, 1 + column, k, :, k]
            below.plot(second / (1 << stack.shifts[1]), lw=1.2, label=label)
        above.set_title(f"channel {k + 1}", fontsize=11)
        for panel in (above, below):
            panel.axhline(0, color="0.7", lw=0.7, zorder=0)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, title="pixel", loc="outside right upper", fontsize=9)
    panels[0, 0].set_ylabel("first layer:\nadded to the level")
    panels[1, 0].set_ylabel("second layer:\nadded to the level")
    for panel in panels[0]:
        panel.set_xlabel("grey level of the pixel")
    for panel in panels[1]:
        panel.set_xlabel("hidden level of the pixel")
    save_figure(figure, path)


def draw_maps(name: str, path: Path) -> None:
    """Draw a picture and the maps of some channels after the first and the last hidden layer."""
    grey, found = maps(name)
    figure = Figure(figsize=(9.6, 3.7), dpi=100, layout="constrained")
    rows = figure.subplots(2, 1 + CHANNELS // 2)
    for panels, layer, label in (
        (rows[0], found[0], "first layer"),
        (rows[1], found[-1], "last hidden layer"),
    ):
        panels[0].imshow(grey, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        panels[0].set_title("luma" if layer is found[0] else "the same", fontsize=11)
        for k, panel in enumerate(panels[1:]):
            panel.imshow(layer[..., k], cmap="viridis", interpolation="nearest")
            panel.set_title(f"{label},\nchannel {k + 1}", fontsize=10)
        for panel in panels:
            panel.set_axis_off()
    save_figure(figure, path)


def draw(folder: Path) -> list[Path]:
    """Draw ``stack_tables.png`` and ``stack_maps.png``."""
    tables, pictures = folder / "stack_tables.png", folder / "stack_maps.png"
    draw_tables(stack_of(DEFAULT_MODEL), tables)
    draw_maps(DEFAULT_MODEL, pictures)
    return [tables, pictures]
