"""FSRCNN with OpenCV's DNN module, from a model file of OpenCV's contrib module ``dnn_superres``.

OpenCV's wheels do not contain ``dnn_superres``. This module does the same: the network upscales
the luma, ``INTER_LINEAR`` the two chroma channels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


class _Identity:
    """Replaces the model's last layer, which OpenCV's TensorFlow reader does not support.

    That layer only moves values: the r * r channels of a pixel become its cell. `upscale` does it.
    """

    def __init__(self, parameters: Any, blobs: Any) -> None:
        pass

    def getMemoryShapes(self, inputs: Any) -> Any:  # noqa: N802, OpenCV's name
        return inputs

    def forward(self, inputs: Any) -> Any:
        return inputs


def read(path: Path) -> Any:
    """Read a model file (``FSRCNN_x4.pb``)."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such model file")
    cv2.dnn_registerLayer("DepthToSpace", _Identity)
    try:
        return cv2.dnn.readNetFromTensorflow(str(path))
    finally:
        cv2.dnn_unregisterLayer("DepthToSpace")


def upscale(image: Image, net: Any, scale: int) -> Image:
    """Upscale an RGB image with a network from `read`."""
    height, width = image.shape[:2]
    planes = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    net.setInput(planes[None, None, :, :, 0] / np.float32(255))
    cells = net.forward()
    if cells.shape != (1, scale * scale, height, width):
        raise ValueError(
            f"the model's output has shape {cells.shape}, but FSRCNN x{scale} has "
            f"{(1, scale * scale, height, width)}; use the model file of that scale"
        )
    cells = cells.reshape(scale, scale, height, width).transpose(2, 0, 3, 1)
    big = cv2.resize(planes, (width * scale, height * scale), interpolation=cv2.INTER_LINEAR)
    luma = cells.reshape(height * scale, width * scale)
    big[:, :, 0] = np.rint(np.clip(luma * 255, 0, 255))
    return np.asarray(cv2.cvtColor(big, cv2.COLOR_YCrCb2RGB), np.uint8)
