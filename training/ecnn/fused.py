"""`training.ecnn.plain` with each function compiled by torch into few kernels, for CUDA.

A GPU computes the small maps of a step faster than Python can start the kernels of single
operations, and reads memory once for each of them. Values are rounded to bfloat16 where they are
stored, as in `training.ecnn.plain`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, TypeVar, cast

import torch

from training.ecnn import plain
from training.ecnn.plain import look_up, update_levels

__all__ = [
    "look_up",
    "squared_errors",
    "squared_errors_backward",
    "update_levels",
    "update_maps",
    "update_maps_backward",
]

F = TypeVar("F", bound=Callable[..., Any])


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    # Code is made for the first layer, and for later ones of any size; once more for each number of
    # crops and way of rounding. Beyond the limit nothing is compiled.
    torch._dynamo.config.recompile_limit = 64
    compiled: Callable[..., Any] = torch.compile(function)
    return compiled


def _fused(function: F, any_size: bool = False) -> F:
    """Compile a function, without gradients, at its first call.

    Not before: torch takes seconds to load its compiler. With `any_size`, tensors of four axes are
    maps of any number of rows and columns; else code would be made for one layer's size first.
    """

    @wraps(function)
    def call(*arguments: Any) -> Any:
        values = [a.detach() if isinstance(a, torch.Tensor) else a for a in arguments]
        for value in values if any_size else ():
            if isinstance(value, torch.Tensor) and value.ndim == 4:
                torch._dynamo.maybe_mark_dynamic(value, (2, 3))
        return _compiled(function)(*values)

    return cast(F, call)


update_maps = _fused(plain.update_maps, any_size=True)
update_maps_backward = _fused(plain.update_maps_backward, any_size=True)
squared_errors = _fused(plain.squared_errors)
squared_errors_backward = _fused(plain.squared_errors_backward)
