"""The end of a JPEG XL codestream without a container, found without decoding it again."""

from __future__ import annotations

import bisect

#: Bytes at the beginning in which the sizes are looked for: headers, and perhaps a profile.
_HEADERS = 1024
#: Number of bits of a size, and the number that is added to it, by its first two bits.
_SIZES = ((10, 0), (14, 1024), (22, 17408), (30, 4211712))
_MOST_PASSES = 3


def end_of_codestream(data: bytes, width: int, height: int) -> int:
    """Return the offset behind a codestream that is not damaged.

    Without bytes behind it, the sizes of its sections, which are stated at the beginning, add up to
    its length. Else only a decoder knows its end.
    """
    import imagecodecs

    if _is_filled(data, width, height):
        return len(data)

    def is_whole(length: int) -> bool:
        try:
            imagecodecs.jpegxl_decode(data[:length])
        except imagecodecs.JpegxlError:
            return False
        return True

    if not is_whole(len(data) - 1):
        return len(data)
    return bisect.bisect_left(range(len(data)), True, key=is_whole)


def _is_filled(data: bytes, width: int, height: int) -> bool:
    """Return whether the sizes of some division into sections add up to the length.

    The sizes begin at a byte, and where depends on many headers, so all places are tried. That a
    wrong one fits is as improbable as a sum of many random numbers that is a given one.
    """
    counts = _counts(width, height)
    return any(
        _end_by_sizes(data, start, count) == len(data)
        for start in range(2, min(_HEADERS, len(data)))
        for count in counts
    )


def _counts(width: int, height: int) -> set[int]:
    """Return possible numbers of sections of a picture that is not stored as a single one."""
    found = set()
    for shift in range(4):
        group = 128 << shift
        groups, coarse = (-(-width // n) * -(-height // n) for n in (group, 8 * group))
        for passes in range(1, _MOST_PASSES + 1):
            if groups * passes > 1:
                found.add(2 + coarse + groups * passes)
    return found


def _end_by_sizes(data: bytes, start: int, count: int) -> int:
    """Return where `count` sections end whose sizes begin at `start`; 0 if behind the data."""
    bits = int.from_bytes(data[start : start + 4 * count + 1], "little")
    place = total = 0
    for _ in range(count):
        length, least = _SIZES[bits >> place & 3]
        total += least + (bits >> (place + 2) & ((1 << length) - 1))
        place += 2 + length
        if start + total > len(data):
            return 0
    return start + -(-place // 8) + total
