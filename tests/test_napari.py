"""The plugin for napari: its manifest, and layers that lie on the original."""

import warnings
from typing import get_args

import numpy as np
import pytest

import lutsr
from lutsr.napari import upscale_layer

from .conftest import ROOT

ROTATION = np.array([[0.8, -0.6], [0.6, 0.8]])


class Layer:
    """What the plugin uses of an image layer; as napari's, but rotated in two dimensions only."""

    def __init__(self, data, rgb=False, scale=None, rotate=None, affine=None):
        data = data if isinstance(data, list) else [data]
        self.name, self.data, self.ndim = "cells", data, data[0].ndim - rgb
        sizes = [1.0] * self.ndim if scale is None else scale
        self.rotate = np.eye(self.ndim)
        if rotate is not None:
            self.rotate[-2:, -2:] = rotate
        self.affine = type("Affine", (), {"linear_matrix": np.eye(self.ndim)})
        if affine is not None:
            self.affine.linear_matrix = affine
        self.state = {
            "name": self.name, "rgb": rgb, "multiscale": len(data) > 1, "plane": {}, "units": "um",
            "locked_data_level": None, "experimental_clipping_planes": [], "gamma": 0.7,
            "scale": list(sizes), "translate": [5.0] * self.ndim, "rotate": self.rotate.tolist(),
        }  # fmt: skip

    def as_layer_data_tuple(self):
        data = self.data if self.state["multiscale"] else self.data[0]
        return data, dict(self.state), "image"

    def data_to_world(self, position, state=None):
        state = state or self.state
        physical = self.rotate @ np.multiply(state["scale"], position) + state["translate"]
        return tuple(self.affine.linear_matrix @ physical)


def noise(shape, dtype=np.uint8):
    return np.random.default_rng(1).integers(0, 250, shape).astype(dtype)


def corners(layer, state, shape):
    """Return where the outer corners of two pixels are: the first one and the last one."""
    low = np.zeros(layer.ndim)
    high = np.array(shape[: layer.ndim]) - 1.0
    low[-2:] -= 0.5
    high[-2:] += 0.5
    return [layer.data_to_world(corner, state) for corner in (low, high)]


@pytest.mark.parametrize(
    ("data", "rgb", "options"),
    [
        (noise((9, 7)), False, {"channel_axis": None}),
        (noise((3, 9, 7), np.uint16), False, {"channel_axis": (0,)}),
        (noise((2, 3, 9, 7)) * np.float32(4) - 80, False,
         {"channel_axis": (0, 1), "preserve_range": True}),
        (noise((9, 7, 3)), True, {"channel_axis": -1, "rgb": True}),
        (noise((2, 9, 7, 4)), True, {"channel_axis": (0, -1), "rgb": True, "alpha": True}),
    ],
)  # fmt: skip
def test_the_result_lies_on_the_layer(data, rgb, options):
    ndim = data.ndim - rgb
    affine = np.eye(ndim)
    affine[-1, -2] = 0.3
    layer = Layer(data, rgb, [0.5] * (ndim - 2) + [0.2, 0.4], ROTATION, affine)
    big, state, kind = upscale_layer(layer, 2, "ecnn-small")
    np.testing.assert_array_equal(big, lutsr.upscale(data, 2, model="ecnn-small", **options))
    assert big.dtype == data.dtype
    assert kind == "image"
    assert state["scale"] == [0.5] * (ndim - 2) + [0.1, 0.2]
    assert (state["name"], state["units"], state["gamma"]) == ("cells x2", "um", 0.7)
    np.testing.assert_allclose(
        corners(layer, state, big.shape), corners(layer, layer.state, data.shape)
    )


def test_the_largest_of_several_resolutions_is_used():
    data = noise((8, 6))
    big, state, _ = upscale_layer(Layer([data, data[::2, ::2]]), 3, "eclut")
    np.testing.assert_array_equal(big, lutsr.upscale(data, 3, model="eclut"))
    assert "multiscale" not in state


def test_dask_arrays_stay_lazy():
    da = pytest.importorskip("dask.array")
    data = noise((2, 9, 7))
    big, _, _ = upscale_layer(Layer(da.from_array(data, chunks=(1, 5, 7))), 2, "eclut")
    assert isinstance(big, da.Array)
    want = lutsr.upscale(data, 2, model="eclut", channel_axis=0)
    np.testing.assert_array_equal(big.compute(), want)


def test_the_manifest_is_valid_and_installed():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # npe2's own
        npe2 = pytest.importorskip("npe2", reason="needs npe2: nox -s napari")
    manifest = npe2.PluginManifest.from_file(ROOT / "lutsr/napari.yaml")
    manifest.validate_imports()
    (command,) = manifest.contributions.commands
    assert command.python_name == "lutsr.napari:upscale_layer"
    assert [widget.command for widget in manifest.contributions.widgets] == [command.id]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points."napari.manifest"]\nlutsr = "lutsr:napari.yaml"' in text


def test_the_dialog_has_the_scales_and_the_models():
    # napari makes a dialog from the types of the arguments.
    types = {key: kind for key, kind in upscale_layer.__annotations__.items() if key != "return"}
    assert types["layer"] == "napari.layers.Image"
    scales = get_args(types["scale"])
    kind, options = get_args(types["model"])
    assert kind is str
    assert options["choices"](None) == list(dict.fromkeys(m.name for m in lutsr.models()))
    assert {(m.name, m.scale) for m in lutsr.models()} >= {
        (name, scale) for name in ("ecnn", "eclut") for scale in scales
    }


def test_layers_of_napari():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # napari's own
        layers = pytest.importorskip("napari.layers", reason="needs napari: lutsr[napari]")
    data = noise((3, 9, 7))
    layer = layers.Image(
        data, name="cells", scale=(2, 0.2, 0.4), translate=(1, 2, 3), rotate=30,
        shear=[0, 0, 0.2], gamma=0.7,
    )  # fmt: skip
    placed = layers.Layer.create(*upscale_layer(layer, 4, "eclut"))
    want = lutsr.upscale(data, 4, model="eclut", channel_axis=0)
    np.testing.assert_array_equal(placed.data, want)
    for low, high in ((-0.5, -0.5), (8.5, 6.5)):
        inside = [1, low, high]
        corner = [1, 4 * low + 1.5, 4 * high + 1.5]
        np.testing.assert_allclose(placed.data_to_world(corner), layer.data_to_world(inside))
    assert (placed.gamma, placed.name) == (0.7, "cells x4")
