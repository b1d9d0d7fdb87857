"""JPEGs that Pillow does not decode: of more than 8 bits, lossless ones, and JPEG-LS.

Their headers have the form of an ordinary JPEG. So Pillow reads their metadata from a copy whose
frame header claims to be one, and imagecodecs decodes the pixels.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._depth import widened
from ._picture import ImageFileError, Picture, check_pixels, damaged

_LOSSLESS, _JPEG_LS = 0xC3, 0xF7
#: Frame headers by their second byte. Pillow decodes the first ones, if they have 8 bits.
_BASELINE, _ORDINARY = 0xC0, {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_OTHERS = {0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical"}
_OTHERS |= {0xCB: "lossless and arithmetic-coded"}
_OTHERS |= dict.fromkeys((0xCD, 0xCE, 0xCF), "hierarchical and arithmetic-coded")
_FRAMES = _ORDINARY | {_LOSSLESS, _JPEG_LS, *_OTHERS}
# Markers without a segment: fill bytes, TEM, RSTn, SOI.
_BARE = {0xFF, 0x01, *range(0xD0, 0xD9)}
_START_OF_SCAN = 0xDA
END = b"\xff\xd9"
_CONTINUATIONS = (b"\x55", b"\xaa")
_CONTINUED = 1 << 16


class Unusual(NamedTuple):
    """A JPEG that Pillow does not decode.

    Attributes
    ----------
    data : bytes
        The file.
    offset : int
        Place of the second byte of the marker of its frame header.
    process : int
        That byte.
    bits : int
        Bits per sample.
    """

    data: bytes
    offset: int
    process: int
    bits: int

    def disguised(self) -> BinaryIO:
        """Return a copy that claims to be an ordinary JPEG, to read its metadata from."""
        copy = bytearray(self.data)
        copy[self.offset] = _BASELINE
        copy[self.offset + 3] = 8
        return io.BytesIO(copy)

    def decode(self, picture: Picture) -> NDArray[Any]:
        """Return its pixels, with 8 or 16 bits, and add notes."""
        import imagecodecs

        rows, columns, channels = self._header()
        check_pixels(columns, rows)
        if channels not in (1, 3):
            raise ImageFileError(
                f"is a JPEG of {self.bits} bits and {channels} channels, wanted grey or RGB; "
                "convert it first"
            )
        try:
            if self.process == _JPEG_LS:
                pixels, complete = imagecodecs.jpegls_decode(self.data), True
            else:
                pixels = imagecodecs.jpeg8_decode(self.data)
                complete = is_complete(self.data, pixels, imagecodecs.jpeg8_decode)
        except ValueError as error:
            raise damaged(error) from error
        if not complete or pixels.shape[:2] != (rows, columns) or int(pixels.max()) >> self.bits:
            raise damaged("its pixels are not those of its header")
        return widened(pixels, self.bits, picture)

    def _header(self) -> tuple[int, int, int]:
        """Return height, width and number of channels."""
        at = self.offset + 4
        return (
            int.from_bytes(self.data[at : at + 2]),
            int.from_bytes(self.data[at + 2 : at + 4]),
            self.data[at + 4],
        )


def is_complete(data: bytes, pixels: NDArray[Any], decode: Callable[[bytes], NDArray[Any]]) -> bool:
    """Return whether all pixels of a JPEG are in the file.

    Decoders invent those that are missing, without an error. So the last scan is continued, in two
    ways: the pixels are all there if they do not depend on it.
    """
    end = data.rfind(END)
    if end < 0:
        return False
    return all(
        np.array_equal(pixels, decode(data[:end] + more * _CONTINUED + END))
        for more in _CONTINUATIONS
    )


def examine(file: BinaryIO) -> Unusual | None:
    """Return a JPEG that Pillow does not decode; None for all other files.

    Raises
    ------
    ImageFileError
        If it is of a kind that nothing here decodes; the text names the kind.
    """
    found = _find_frame(file)
    file.seek(0)
    if found is None:
        return None
    offset, process, bits = found
    if process in _OTHERS:
        raise ImageFileError(
            f"is a {_OTHERS[process]} JPEG, which few programs read; convert it to an ordinary one"
        )
    if process in _ORDINARY and bits == 8:
        return None
    if not 2 <= bits <= 16:
        raise damaged(f"its header states {bits} bits per sample")
    return Unusual(file.read(), offset, process, bits)


def _find_frame(file: BinaryIO) -> tuple[int, int, int] | None:
    """Return place, kind and bits of the frame header; None if none comes before the pixels."""
    if file.read(2) != b"\xff\xd8":
        return None
    end = file.seek(0, os.SEEK_END)
    at = 2
    while at + 10 <= end:
        file.seek(at)
        head = file.read(10)
        if head[0] != 0xFF or head[1] == _START_OF_SCAN:
            return None
        if head[1] in _BARE:
            at += 1 if head[1] == 0xFF else 2
        elif head[1] in _FRAMES:
            return at + 1, head[1], head[4]
        else:
            at += 2 + int.from_bytes(head[2:4])
    return None
