"""Colour profiles, CMYK and orientation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_SPACES = {1: b"GRAY", 2: b"GRAY", 3: b"RGB ", 4: b"RGB "}


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return stored pixels turned upright, by an EXIF orientation."""
    if orientation > 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def fitting(icc: bytes | None, pixels: NDArray[Any], notes: list[str]) -> bytes | None:
    """Return the profile if it is valid for the number of channels, else None and a note."""
    if not icc:
        return None
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if icc[36:40] != b"acsp" or icc[16:20] != _SPACES[channels]:
        notes.append("its colour profile is damaged or not for its colours and was left out")
        return None
    return icc


def is_grey_profile(icc: bytes | None) -> bool:
    """Return whether the profile is for grey pictures only."""
    return icc is not None and icc[16:20] == b"GRAY"


def to_srgb(pixels: NDArray[Any], icc: bytes, space: str) -> NDArray[Any]:
    """Convert colours of a profile, "cmyk" or "gray", to sRGB of the same depth."""
    import imagecodecs

    return imagecodecs.cms_transform(
        np.ascontiguousarray(pixels),
        icc,
        imagecodecs.cms_profile("srgb"),
        colorspace=space,
        outcolorspace="rgb",
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION,
    )


def from_cmyk(pixels: NDArray[Any], icc: bytes | None, notes: list[str]) -> NDArray[Any]:
    """Convert CMYK, whose highest value is full ink, to sRGB, and add a note."""
    if icc and icc[36:40] == b"acsp" and icc[16:20] == b"CMYK":
        try:
            converted = to_srgb(pixels, icc, "cmyk")
        except RuntimeError:
            notes.append("its colour profile is damaged and was left out")
        else:
            notes.append("CMYK colours were converted to sRGB with its profile")
            return converted
    notes.append("CMYK colours were converted to sRGB without a profile and may look different")
    top = np.iinfo(pixels.dtype).max
    ink, black = pixels[..., :3].astype(np.uint64), pixels[..., 3:].astype(np.uint64)
    light = (top - ink) * (top - black)
    return ((light + top // 2) // top).astype(pixels.dtype)
