"""Families of models, and where each checks a model's parameters and tables."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Model

#: Module with a function ``check_model(model)``, by family. It raises a ValueError that begins
#: with the field that is wrong, as in "expand_shift: got 5, wanted ...".
FAMILIES = {"eclut": "lutsr._eclut.card"}


def check_model(model: Model) -> None:
    """Check parameters and tables by the rules of the model's family."""
    import_module(FAMILIES[model.family]).check_model(model)
