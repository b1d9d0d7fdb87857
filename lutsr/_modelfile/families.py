"""The rules of each family for the parameters and tables of its models."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .._engine import FAMILIES
from .files import cut, listing

if TYPE_CHECKING:
    from .model import Model


def check_family(family: str) -> None:
    """Raise a ValueError if there is no such family."""
    if family not in FAMILIES:
        raise ValueError(
            f"family: got {cut(repr(family))}, wanted one of {listing(sorted(FAMILIES))}"
        )


def check_model(model: Model) -> None:
    """Check a model by the rules of its family.

    These are in the module ``card`` of the family's folder, as ``check_model(model)``. It needs no
    numba.

    Raises
    ------
    ValueError
        If the parameters or tables do not fit. The message begins with the name of what is wrong,
        as in "tables: got 'a', wanted 'lut' alone".
    """
    check_family(model.family)
    folder = FAMILIES[model.family].rpartition(".")[0]
    import_module(f"{folder}.card").check_model(model)
