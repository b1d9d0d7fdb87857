"""Training steps as CUDA graphs.

A step of a small network is some thousand small kernels. Python takes several times as long to
start them as the GPU to compute them; a recorded step is started as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch

#: Steps of each kind before it is recorded: they compile kernels and allocate memory.
WARM_UP = 4


class GraphedSteps:
    """Calls of a function on a CUDA device, recorded as one graph for each kind of call.

    Parameters
    ----------
    function : callable
        function(kind, *inputs) does one step and returns a tensor. It must not wait for the
        device. What it reads besides its inputs must keep its place in memory.
    """

    def __init__(self, function: Callable[..., torch.Tensor]) -> None:
        self.function = function
        self.stream = torch.cuda.Stream()
        self.calls: dict[Hashable, int] = {}
        self.recorded: dict[
            Hashable, tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...], torch.Tensor]
        ] = {}

    def __call__(self, kind: Hashable, *inputs: torch.Tensor) -> torch.Tensor:
        """Do a step; inputs have the same shapes in all steps of a kind."""
        calls = self.calls.get(kind, 0)
        self.calls[kind] = calls + 1
        if calls < WARM_UP:
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                found = self.function(kind, *inputs)
            torch.cuda.current_stream().wait_stream(self.stream)
            return found
        if kind not in self.recorded:
            copies = tuple(each.clone() for each in inputs)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                found = self.function(kind, *copies)
            self.recorded[kind] = graph, copies, found
        graph, copies, found = self.recorded[kind]
        for copy, given in zip(copies, inputs, strict=True):
            copy.copy_(given)
        graph.replay()
        return found.clone()
