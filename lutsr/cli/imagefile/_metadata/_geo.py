"""GeoTIFF: where the pixels lie on the Earth, made true of the enlarged picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _ifd
from ._change import Change

_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION = 33550, 33922, 34264
_KEYS = 34735
#: Tags of a georeference; those of keys hold for a picture of any size.
TAGS = {_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION, _KEYS, 34736, 34737}
_RASTER_TYPE, _PIXEL_IS_POINT = 1025, 2
_DOUBLE = 12


def is_known(tags: dict[int, _ifd.Tag]) -> bool:
    """Return whether the tags of a georeference are as the standard has them."""
    counts = {_PIXEL_SCALE: 3, _TIE_POINTS: 6, _TRANSFORMATION: 16}
    for code, count in counts.items():
        tag = tags.get(code)
        if tag is not None and (tag.kind != _DOUBLE or not tag.items or tag.items % count):
            return False
    return _KEYS not in tags or tags[_KEYS].kind == _ifd.SHORT


def enlarged(tags: dict[int, _ifd.Tag], change: Change) -> dict[int, _ifd.Tag]:
    """Return the tags for an enlarged picture: each of its points stays where it was."""
    scales = np.array([*map(float, change.scales)])
    # Coordinates of pixels are those of their corners, or those of their centres.
    half = 0.5 if _pixels_are_points(tags) else 0
    found = dict(tags)
    if _PIXEL_SCALE in tags:
        values = _numbers(tags[_PIXEL_SCALE])
        values[:2] /= scales
        found[_PIXEL_SCALE] = _tag(values)
    if _TIE_POINTS in tags:
        points = _numbers(tags[_TIE_POINTS]).reshape(-1, 6)
        points[:, :2] = (points[:, :2] + half) * scales - half
        found[_TIE_POINTS] = _tag(points)
    if _TRANSFORMATION in tags:
        matrix = _numbers(tags[_TRANSFORMATION]).reshape(4, 4)
        smaller = np.eye(4)
        smaller[[0, 1], [0, 1]] = 1 / scales
        smaller[:2, 3] = half / scales - half
        found[_TRANSFORMATION] = _tag(matrix @ smaller)
    return found


def _pixels_are_points(tags: dict[int, _ifd.Tag]) -> bool:
    if _KEYS not in tags:
        return False
    keys = np.frombuffer(tags[_KEYS].data, "<u2")
    rows = keys[4 : len(keys) // 4 * 4].reshape(-1, 4)  # key, place, count, value
    return bool(((rows[:, 0] == _RASTER_TYPE) & (rows[:, 3] == _PIXEL_IS_POINT)).any())


def _numbers(tag: _ifd.Tag) -> NDArray[np.float64]:
    return np.frombuffer(tag.data, "<f8").copy()


def _tag(values: NDArray[np.float64]) -> _ifd.Tag:
    return _ifd.Tag(_DOUBLE, values.size, values.astype("<f8").tobytes(), 0)
