"""FSRCNN by OpenCV's DNN module, from a model file of the kind OpenCV's contrib module reads.

``dnn_superres`` itself is not part of the wheels of OpenCV; this does what it does: the network
enlarges luma, ``INTER_LINEAR`` the two colour differences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


class _PassedOn:
    """Stands for the model's last layer, which OpenCV's reader of TensorFlow files cannot make.

    It only moves values: every pixel's r * r channels become its cell. `enlarge` does that.
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
    cv2.dnn_registerLayer("DepthToSpace", _PassedOn)
    try:
        return cv2.dnn.readNetFromTensorflow(str(path))
    finally:
        cv2.dnn_unregisterLayer("DepthToSpace")


def enlarge(image: Image, net: Any, scale: int) -> Image:
    """Enlarge RGB with a network that was read."""
    height, width = image.shape[:2]
    planes = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
    net.setInput(planes[None, None, :, :, 0] / np.float32(255))
    cells = net.forward()
    if cells.shape != (1, scale * scale, height, width):
        raise ValueError(f"the model gives {cells.shape}: not one of FSRCNN x{scale}")
    cells = cells.reshape(scale, scale, height, width).transpose(2, 0, 3, 1)
    big = cv2.resize(planes, (width * scale, height * scale), interpolation=cv2.INTER_LINEAR)
    luma = cells.reshape(height * scale, width * scale)
    big[:, :, 0] = np.rint(np.clip(luma * 255, 0, 255))
    return np.asarray(cv2.cvtColor(big, cv2.COLOR_YCrCb2RGB), np.uint8)
