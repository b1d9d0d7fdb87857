"""Stacks on RGB images in plain NumPy: the detail of the luma, added to each channel's own base."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._chain.description import Chain, Layer, Stage
from .._chain.reference import run_sums
from .layout import LUMA
from .plan import is_flat


def luma(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the luma (H, W) of RGB values (H, W, 3), rounded like them to levels or steps."""
    sums: NDArray[np.int32] = values @ np.array(LUMA, np.int32) + 128
    return sums >> 8


def rgb_sums(values: NDArray[np.int32], chain: Chain) -> NDArray[np.int32]:
    """Return the sums (r * H, r * W, 3) of an RGB image with the detail of its luma.

    Parameters
    ----------
    values : ndarray of int32, shape (H, W, 3)
        Levels 0 to 255.
    chain : Chain
        One that `lutsr._stack.plan.find_stack` finds to be a stack.
    """
    detail, base = _split(chain)
    details = run_sums(luma(values), detail)
    return np.stack([details + run_sums(values[..., c], base) for c in range(3)], axis=-1)


def _split(chain: Chain) -> tuple[Chain, Chain]:
    """Split a stack into the chain of its detail and that of its base, whose sums add up to its."""
    (stage,) = chain.stages
    *layers, last = stage.layers
    base = [one for one in last.look_ups if one.source == "image" and not is_flat(one)]
    detail = [one for one in last.look_ups if all(one is not other for other in base)]
    nothing = np.zeros(1, np.int64)

    def with_layers(stage: Stage, *layers: Layer) -> Chain:
        return replace(chain, stages=(replace(stage, layers=layers),))

    return (
        with_layers(
            replace(stage, rounding=replace(stage.rounding, bias=nothing)),
            *layers,
            replace(last, look_ups=tuple(detail), add=()),
        ),
        with_layers(
            stage,
            replace(last, look_ups=tuple(base), rounding=replace(last.rounding, bias=nothing)),
        ),
    )
