"""The plugin for napari, which ``napari.yaml`` describes: upscale an image layer.

Needs napari: ``pip install "lutsr[napari]"``, and a graphical backend, as in ``napari[all]``.
"""

# napari looks up the names of its own types in quotes; with ``from __future__ import annotations``
# the others would be in quotes, too, and it does not know them.
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from . import models, upscale
from ._modelinfo import DEFAULT_MODEL

if TYPE_CHECKING:
    import napari.layers
    import napari.types

__all__ = ["upscale_layer"]

#: Properties of a layer that belong to its pixels, or to its smaller copies.
_LEFT_OUT = ("multiscale", "locked_data_level", "plane", "experimental_clipping_planes")


def _names(widget: Any) -> list[str]:
    """Return the names of the shipped models, for the list in napari."""
    return list(dict.fromkeys(model.name for model in models()))


def upscale_layer(
    layer: "napari.layers.Image",
    scale: Literal[2, 3, 4] = 4,
    model: Annotated[str, {"choices": _names}] = DEFAULT_MODEL,
) -> "napari.types.LayerDataTuple":
    """Upscale the rows and columns of an image layer.

    The result lies on the layer: pixel sizes are divided by `scale`, and the corner stays where it
    is. Units, contrast, colours and other properties are kept.

    Parameters
    ----------
    layer : napari.layers.Image
        Of uint8, uint16 or floats of any range; 2-D, RGB or RGBA, or a stack of such images. A
        dask array is upscaled lazily, unless it has alpha. Of several resolutions the largest is
        used.
    scale : {2, 3, 4}
    model : str
        Name of a shipped model.

    Returns
    -------
    tuple
        Data, properties and type of the new layer.

    Raises
    ------
    TypeError, ValueError
        As :func:`lutsr.upscale`.
    """
    data, state, kind = layer.as_layer_data_tuple()
    if state["multiscale"]:
        data = data[0]
    places = [length / scale for length in state["scale"][-2:]]
    # Pixels are centred on whole coordinates, so the first of the result is half of the
    # difference of their sizes outwards.
    origin = np.zeros(layer.ndim)
    first = origin.copy()
    first[-2:] = (1 / scale - 1) / 2
    moved = np.subtract(layer.data_to_world(first), layer.data_to_world(origin))
    shift = np.linalg.solve(layer.affine.linear_matrix, moved)
    state = {key: value for key, value in state.items() if key not in _LEFT_OUT}
    state |= {
        "name": f"{layer.name} x{scale}",
        "scale": [*state["scale"][:-2], *places],
        "translate": list(np.add(state["translate"], shift)),
    }
    return _upscaled(data, state["rgb"], scale, model), state, kind


def _upscaled(data: Any, rgb: bool, scale: int, model: str) -> Any:
    """Upscale the data of a layer."""
    kept = (*range(data.ndim - 3), data.ndim - 1) if rgb else tuple(range(data.ndim - 2))
    alpha = rgb and data.shape[-1] == 4
    options: dict[str, Any] = {
        "model": model,
        "channel_axis": kept or None,
        "rgb": rgb,
        "preserve_range": data.dtype.kind == "f",
    }
    if type(data).__module__.partition(".")[0] == "dask" and not alpha:
        from .dask import upscale as upscale_lazily

        return upscale_lazily(data, scale, **options)
    return upscale(np.asarray(data), scale, alpha=alpha, **options)
