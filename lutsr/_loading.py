"""Loading of models: by name or from a file, and listed.

`lutsr._modelfile` is imported inside functions: it would double the time of ``import lutsr``.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ._frame.advice import shown
from ._frame.arguments import check_int
from ._modelinfo import DEFAULT_MODEL
from ._upscaler import Upscaler

if TYPE_CHECKING:
    from ._modelinfo import ModelInfo

__all__ = ["load", "models"]


def load(
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    scale: int | None = None,
) -> Upscaler:
    """Load a model for repeated use.

    Parameters
    ----------
    model : str or path
        Name of a shipped model, or the path of a ``.npy`` table with its card beside it.
    scale : int, optional
        Needed with a model's name; a table's card names its scale.

    Returns
    -------
    Upscaler

    Raises
    ------
    ValueError
        If there is no such model or scale, or the file or its card is not valid.
    OSError
        If a file cannot be read.

    Examples
    --------
    >>> import lutsr
    >>> lutsr.load("ecnn", 4)
    <lutsr.Upscaler ecnn x4>
    """
    if scale is not None:
        scale = check_int("scale", scale)
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model: got {type(model).__name__}, wanted a name or a path")
    if is_path(model):
        from ._modelfile import read_model

        return Upscaler(read_model(model, scale))
    if scale is None:
        raise ValueError("scale: needed with the name of a model; wanted an integer, such as 4")
    return _load_shipped(os.fspath(model), scale)


def load_for_image(model: str | os.PathLike[str], scale: int) -> Upscaler:
    """Load a model for a call that passes an image; for other scales there is `lutsr.resize`."""
    if getattr(scale, "shape", ()):
        raise TypeError(
            f"scale: got {shown(scale)}, wanted an integer; the image comes first, as in "
            "upscale(image, 4)"
        )
    try:
        return load(model, scale)
    except (TypeError, ValueError) as error:
        number = isinstance(scale, (int, float, np.integer, np.floating))
        if isinstance(scale, bool) or not (number and scale > 0):
            raise
        whole = isinstance(error, TypeError) and scale % 1 == 0  # 4.0 is 4
        if whole or not str(error).startswith("scale: got"):
            raise
        advice = "for any other size call lutsr.resize(image, (height, width))"
        raise type(error)(f"{error}; {advice}") from error


def is_path(model: object) -> bool:
    """Return whether this is the path of a table, not the name of a model."""
    return isinstance(model, os.PathLike) or (isinstance(model, str) and model.endswith(".npy"))


@lru_cache(maxsize=8)
def _load_shipped(model: str, scale: int) -> Upscaler:
    from ._modelfile import read_shipped

    return Upscaler(read_shipped(model, scale))


def models() -> list[ModelInfo]:
    """List the shipped models.

    Returns
    -------
    list of ModelInfo
        What is known of each without loading it: the default model first, then the others of its
        family, then all others, sorted by name and scale.

    Examples
    --------
    >>> import lutsr
    >>> list(dict.fromkeys(model.name for model in lutsr.models()))
    ['ecnn', 'ecnn-large', 'ecnn-photo', 'ecnn-small', 'eclut', 'eclut-fast']
    """
    from ._modelfile import shipped_models

    return shipped_models()
