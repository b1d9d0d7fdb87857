"""The engine of chains: compiled kernels, band by band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .._engine import Engine
from .._numba.loading import load_numba
from .card import read_chain
from .description import Chain
from .reference import deepen, run_sums

if TYPE_CHECKING:
    from .._modelfile import Model
    from .run import CompiledChain


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
        self._compiled = load_numba()
        if self._compiled:
            self.nanoseconds = (20.0, 20.0)
        self._chains: dict[int, CompiledChain] = {}

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of some row groups of each channel."""
        if not self._compiled:
            top, bottom = max(0, first - self.halo), min(len(values), last + self.halo)
            total = self.reference(values[top:bottom], steps)
            return total[(first - top) * self.scale : (last - top) * self.scale]

        chain, last = self._compiled_chain(steps), min(last, len(values))
        planes = [chain.rows(values[..., c], first, last) for c in range(values.shape[2])]
        return np.stack(planes, axis=-1)

    def _compiled_chain(self, steps: int) -> CompiledChain:
        from .run import CompiledChain

        if steps not in self._chains:
            self._chains[steps] = CompiledChain(self._deepened(steps))
        return self._chains[steps]

    def _deepened(self, steps: int) -> Chain:
        return self._chain if steps == 1 else deepen(self._chain, steps)

    def reference(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole image in plain NumPy, channel by channel."""
        chain = self._deepened(steps)
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
