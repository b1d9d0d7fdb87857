"""The engine of chains. It computes in NumPy, band by band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._engine import Engine
from .card import read_chain
from .reference import deepen, run_sums

if TYPE_CHECKING:
    from .._modelfile import Model


class ChainEngine(Engine):
    """A checked chain, ready to compute."""

    nanoseconds = (200.0, 200.0)

    def __init__(self, model: Model) -> None:
        self._chain = read_chain(model.scale, model.parameters, model.tables)
        last = self._chain.stages[-1].rounding
        self.scale = model.scale
        self.halo = self._chain.halo
        self.divisor = last.divisor
        self.half_even = last.rounding == "even"
        self.eight_bit_only = not self._chain.deep

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of some row groups: of their rows and the halo, which is cut off."""
        top, bottom = max(0, first - self.halo), min(len(values), last + self.halo)
        total = self.reference(values[top:bottom], steps)
        return total[(first - top) * self.scale : (last - top) * self.scale]

    def reference(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole image in plain NumPy, channel by channel."""
        chain = self._chain if steps == 1 else deepen(self._chain, steps)
        planes = [run_sums(values[..., c], chain) for c in range(values.shape[2])]
        return np.stack(planes, axis=-1)

    def facts(self) -> Mapping[str, str]:
        """Return what ``lutsr info`` prints about the model."""
        stages = self._chain.stages
        size = 2 * self.halo + 1
        depths = "8-bit images only" if self.eight_bit_only else "8-bit and deeper images"
        return {
            "stages": str(len(stages)),
            "layers": str(sum(len(stage.layers) for stage in stages)),
            "receptive field": f"{size} x {size} pixels",
            "depths": depths,
        }


def open_engine(model: Model) -> Engine:
    """Check a model and prepare it."""
    return ChainEngine(model)
