"""The engine of chains: compiled kernels, band by band.

Stacks of one-pixel tables (`lutsr._stack`) have kernels of their own; all other chains are computed
layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._engine import Engine
from .._frame.depth import DIRECT_TYPES, steps_per_level
from .._numba.loading import load_numba
from .._stack.curves import facts as stack_facts
from .._stack.deep.plan import is_deep
from .._stack.deep.reference import deep_rgb_sums, deep_sums
from .._stack.plan import find_stack
from .._stack.reference import rgb_sums
from .card import check_model
from .description import Chain
from .reference import deepen, run_sums

if TYPE_CHECKING:
    from .._modelfile import Model
    from .._stack.deep.engine import DeepStackKernels
    from .._stack.engine import StackKernels
    from .._stack.plan import Stack
    from .run import CompiledChain

#: Interleaved channels that `ChainEngine.fill` takes at once.
MOST_CHANNELS = 16


class ChainEngine(Engine):
    """A checked chain, ready to compute."""

    nanoseconds = (200.0, 200.0)

    def __init__(self, model: Model) -> None:
        self._chain = check_model(model)
        last = self._chain.stages[-1].rounding
        self.scale = model.scale
        self.halo = self._chain.halo
        self.divisor = last.divisor
        self.half_even = last.rounding == "even"
        self._compiled = load_numba()
        if self._compiled:
            self.direct_channels = MOST_CHANNELS
            self.nanoseconds = (20.0, 20.0)
        stack = find_stack(self._chain)
        self.joint_rgb = stack is not None
        self._deep_stack = stack if stack and is_deep(stack) else None
        self.eight_bit_only = not self._chain.deep and self._deep_stack is None
        self._stack = self._prepare(stack) if stack and self._compiled else None
        self._chains: dict[int, CompiledChain] = {}

    def _prepare(self, stack: Stack) -> StackKernels:
        """Return the kernels of the stack that the chain is."""
        from .._stack.engine import MOST_PLANES, StackKernels

        kernels = StackKernels(stack)
        self.direct_channels = MOST_PLANES
        deeper = 3 * kernels.nanoseconds if self._deep_stack else self.nanoseconds[1]
        self.nanoseconds = (kernels.nanoseconds, deeper)
        if self._deep_stack:
            self.direct_types = DIRECT_TYPES
        return kernels

    def fill(self, image: NDArray[Any], first: int, last: int, out: NDArray[Any]) -> None:
        """Enlarge rows of an image, each channel by itself."""
        if image.dtype != np.uint8:
            self._deep_kernels.fill(image, steps_per_level(image.dtype), first, last, out)
        elif self._stack is not None:
            self._stack.fill(image, first, last, out)
        else:
            self._compiled_chain(1).fill(image, first, last, out)

    def fill_rgb(self, image: NDArray[Any], first: int, last: int, out: NDArray[Any]) -> None:
        """Enlarge rows of an RGB image by a stack, with the detail of its luma."""
        if image.dtype != np.uint8:
            self._deep_kernels.fill(
                image, steps_per_level(image.dtype), first, last, out, luma=True
            )
            return
        assert self._stack is not None
        self._stack.fill(image, first, last, out, luma=True)

    def sums(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of some row groups of each channel."""
        if not self._compiled:
            top, bottom = max(0, first - self.halo), min(len(values), last + self.halo)
            total = self.reference(values[top:bottom], steps)
            return total[(first - top) * self.scale : (last - top) * self.scale]
        if self._stack is not None and steps == 1:
            return self._stack.sums(values, first, last)
        if self._deep_stack is not None and steps > 1:
            return self._deep_kernels.sums(values, steps, first, last)

        chain, last = self._compiled_chain(steps), min(last, len(values))
        planes = [chain.rows(values[..., c], first, last) for c in range(values.shape[2])]
        return np.stack(planes, axis=-1)

    def sums_rgb(
        self, values: NDArray[np.int32], steps: int, first: int, last: int
    ) -> NDArray[np.int32]:
        """Compute the sums of some row groups of an RGB image by a stack."""
        if self._deep_stack is not None and steps > 1 and self._compiled:
            return self._deep_kernels.sums(values, steps, first, last, luma=True)
        return super().sums_rgb(values, steps, first, last)

    @cached_property
    def _deep_kernels(self) -> DeepStackKernels:
        """The kernels for deeper images: their tables are laid out when they are needed."""
        from .._stack.deep.engine import DeepStackKernels

        assert self._deep_stack is not None
        return DeepStackKernels(self._deep_stack)

    def _compiled_chain(self, steps: int) -> CompiledChain:
        from .run import CompiledChain

        if steps not in self._chains:
            self._chains[steps] = CompiledChain(self._deepened(steps), steps)
        return self._chains[steps]

    def _deepened(self, steps: int) -> Chain:
        return self._chain if steps == 1 else deepen(self._chain, steps)

    def reference(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole image in plain NumPy, channel by channel."""
        planes = [values[..., c] for c in range(values.shape[2])]
        if self._deep_stack and steps > 1:
            return np.stack([deep_sums(one, steps, self._deep_stack) for one in planes], axis=-1)
        chain = self._deepened(steps)
        return np.stack([run_sums(one, chain) for one in planes], axis=-1)

    def reference_rgb(self, values: NDArray[np.int32], steps: int) -> NDArray[np.int32]:
        """Compute the sums of a whole RGB image by a stack, with the detail of its luma."""
        if steps > 1:
            assert self._deep_stack is not None
            return deep_rgb_sums(values, steps, self._deep_stack)
        return rgb_sums(values, self._chain)

    def facts(self) -> Mapping[str, str]:
        """Return what ``lutsr info`` prints about the model."""
        stages = self._chain.stages
        size = 2 * self.halo + 1
        depths = "8-bit images only" if self.eight_bit_only else "8-bit and deeper images"
        found = find_stack(self._chain)
        return {
            "stages": str(len(stages)),
            "layers": str(sum(len(stage.layers) for stage in stages)),
            "receptive field": f"{size} x {size} pixels",
            "depths": depths,
            **(stack_facts(found) if found else {}),
        }


def open_engine(model: Model) -> Engine:
    """Check a model and prepare it."""
    return ChainEngine(model)
