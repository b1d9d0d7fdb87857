"""A step of the training of ECNN: loss, gradients, and two optimizers."""

from __future__ import annotations

from typing import Any

import torch

from training.device import load_optimizer
from training.ecnn.network import Network
from training.ecnn.options import EcnnOptions
from training.ecnn.tables import Tables, excess
from training.graphs import GraphedSteps

#: Muon changes the matrices of convolutions, Adam all else, at this fraction of Muon's rate.
SHARES = (1, 0.15)
#: Number of steps between two computations of the penalty.
PENALTY_STEPS = 4


class Optimization:
    """Optimizes a network, on its device.

    The loss is the mean over the crops of log(mean squared error + offset), in grey levels: like
    the mean of PSNRs, it weights crops by what can be gained in each, but not those whose error
    is far below the offset.

    Parameters
    ----------
    network : Network
    options : EcnnOptions
    """

    def __init__(self, network: Network, options: EcnnOptions) -> None:
        self.network, self.options = network, options
        matrices = network.matrices()
        names = {id(one) for one in matrices}
        self.parameters = [one for one in network.parameters() if one.requires_grad]
        others = [one for one in self.parameters if id(one) not in names]
        on_gpu = matrices[0].device.type != "cpu"
        self.optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(matrices, weight_decay=0),
            torch.optim.Adam(others, capturable=on_gpu),
        )
        self.graphs = GraphedSteps(self._graphed_step) if on_gpu else None

    def step(
        self,
        image: torch.Tensor,
        wanted: torch.Tensor,
        share: float,
        rounded: bool,
        penalised: bool,
        tables: Tables | None = None,
    ) -> torch.Tensor:
        """Do one step, and return the loss, without its penalty.

        Parameters
        ----------
        image, wanted, rounded, tables
            See `Network.errors`.
        share : float
            Learning rate, as a fraction of the highest.
        penalised : bool
            Whether entries that exceed the range of int8 are penalised.
        """
        if self.graphs is None or tables is not None:
            loss = self.gradients(image, wanted, rounded, penalised, tables)
            self._change_weights(share)
            return loss
        fraction = torch.full((), share, device=image.device)
        return self.graphs((rounded, penalised), image, wanted, fraction)

    def gradients(
        self,
        image: torch.Tensor,
        wanted: torch.Tensor,
        rounded: bool,
        penalised: bool,
        tables: Tables | None = None,
    ) -> torch.Tensor:
        """Compute the gradients of all parameters; return the loss, without its penalty."""
        errors = self.network.errors(image, wanted, rounded, tables)
        loss = torch.log(errors + self.options.offset).mean()
        found = loss.detach()
        if penalised:
            loss = loss + PENALTY_STEPS * self.options.excess * excess(self.network)
        self.network.zero_grad()
        loss.backward()
        return found

    def _change_weights(self, share: float) -> None:
        for optimizer, most in zip(self.optimizers, SHARES, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = self.options.lr * share * most
            optimizer.step()

    def _graphed_step(
        self,
        kind: tuple[bool, bool],
        image: torch.Tensor,
        wanted: torch.Tensor,
        share: torch.Tensor,
    ) -> torch.Tensor:
        """Do one step; see `GraphedSteps`.

        What optimizers are told is part of a graph. So they do a step at the highest rate, of which
        the fraction is taken: without weight decay, steps are proportional to the rate.
        """
        loss = self.gradients(image, wanted, *kind)
        before = [one.detach().clone() for one in self.parameters]
        self._change_weights(1)
        with torch.no_grad():
            for one, old in zip(self.parameters, before, strict=True):
                one.copy_(old.lerp(one, share))
        return loss

    def state(self) -> list[dict[str, Any]]:
        """Return the states of the optimizers."""
        return [optimizer.state_dict() for optimizer in self.optimizers]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Continue from their states."""
        for optimizer, one in zip(self.optimizers, states, strict=True):
            load_optimizer(optimizer, one)
