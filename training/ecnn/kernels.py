"""Compiled parts of a training step on the CPU: everything but the convolutions.

Between two convolutions there are only a sum, a clamp, a rounding and a ReLU. As separate torch
operations they take three times as long as the convolutions; here each is one pass over the maps.
Maps are bfloat16, as arrays of their bits (uint16), of shape (batch, rows, columns, channels).
`training.ecnn.plain` has the same in torch operations, for other devices. Kernels allocate nothing:
``lutsr._numba.jit`` compiles them without reference counts.
"""

from __future__ import annotations

import numpy as np

from lutsr._numba.jit import entry_point, part


@part
def _to_float(bits):
    return np.uint32(np.uint32(bits) << np.uint32(16)).view(np.float32)


@part
def _to_bits(value):
    """Round to bfloat16, ties to even."""
    bits = np.float32(value).view(np.uint32)
    even = np.uint32((bits >> np.uint32(16)) & np.uint32(1))
    return np.uint16(np.uint32(bits + np.uint32(0x7FFF) + even) >> np.uint32(16))


@entry_point
def update_maps(maps, change, kinks, half, features):
    """Write [x, relu(x + kink)...] of x = clamp(maps + change), rounded to levels if `half` > 0.

    Parameters
    ----------
    maps : uint16 (B, H, W, C)
        The maps of the layer before, or of no rows and columns where there are none.
    change : uint16 (B, h, w, C)
        What the convolution adds; the maps' border of (H - h) / 2 pixels is left out.
    kinks : float32 (C, K)
    half : float
        Half the number of levels: levels lie at -1, -1 + 1 / half, ..., 1 - 1 / half.
    features : uint16 (B, h, w, (K + 1) * C)
        The output; its first C channels are x itself.
    """
    B, h, w, C = change.shape
    K = kinks.shape[1]
    m = (maps.shape[1] - h) // 2
    top = np.float32(1 - 1 / half) if half > 0 else np.float32(1)
    unit = np.float32(half)
    residual = maps.shape[1] > 0
    for b in range(B):
        for y in range(h):
            for x in range(w):
                for c in range(C):
                    value = _to_float(change[b, y, x, c])
                    if residual:
                        value += _to_float(maps[b, y + m, x + m, c])
                    if half > 0:
                        value = np.floor(value * unit + np.float32(0.5)) / unit
                    value = min(max(value, np.float32(-1)), top)
                    features[b, y, x, c] = _to_bits(value)
                for k in range(K):
                    for c in range(C):
                        kinked = _to_float(features[b, y, x, c]) + kinks[c, k]
                        features[b, y, x, (k + 1) * C + c] = _to_bits(max(kinked, np.float32(0)))


@entry_point
def update_levels(sums, divisor, kinks, levels, features):
    """Compute levels from sums of table entries, and the features of the values they stand for.

    Parameters
    ----------
    sums : int32 (B, h, w, C)
    divisor : int
        Sums are divided by it, rounded half up.
    kinks, features
        As in `update_maps`.
    levels : uint8 (B, h, w, C)
        The output: 0..63, of the values -1, -1 + 1 / 32...
    """
    B, h, w, C = sums.shape
    K = kinks.shape[1]
    for b in range(B):
        for y in range(h):
            for x in range(w):
                for c in range(C):
                    level = (sums[b, y, x, c] + divisor // 2) // divisor
                    level = min(max(level, 0), 63)
                    levels[b, y, x, c] = level
                    features[b, y, x, c] = _to_bits(np.float32(level - 32) / np.float32(32))
                for k in range(K):
                    for c in range(C):
                        kinked = _to_float(features[b, y, x, c]) + kinks[c, k]
                        features[b, y, x, (k + 1) * C + c] = _to_bits(max(kinked, np.float32(0)))


@entry_point
def update_maps_backward(features, grads, kinks, half, after, change_grads, kink_grads, scratch):
    """Compute the gradients of `update_maps`.

    At a limit of the clamp the gradient passes if a step along it leads back inside.

    Parameters
    ----------
    features, kinks, half
        As in `update_maps`, `features` being its result.
    grads : uint16, as `features`
    after : uint16 (B, h', w', C)
        Gradient of the maps by way of the next layer's sum, of their inner part; or of no rows.
    change_grads : uint16 (B, h, w, C)
        The output, of `change` and of the inner part of `maps`.
    kink_grads : float32 (C, K)
        The output.
    scratch : float32 (K + 1, C)
    """
    B, h, w, C = change_grads.shape
    K = kinks.shape[1]
    m = (h - after.shape[1]) // 2
    inner = after.shape[1] > 0
    top = np.float32(1 - 1 / half) if half > 0 else np.float32(1)
    sums, line = scratch[:K], scratch[K]
    sums[:] = 0
    for b in range(B):
        for y in range(h):
            for x in range(w):
                for c in range(C):
                    line[c] = _to_float(grads[b, y, x, c])
                if inner and m <= y < h - m and m <= x < w - m:
                    for c in range(C):
                        line[c] += _to_float(after[b, y - m, x - m, c])
                for k in range(K):
                    for c in range(C):
                        on = features[b, y, x, (k + 1) * C + c] != 0
                        grad = _to_float(grads[b, y, x, (k + 1) * C + c])
                        grad = grad if on else np.float32(0)
                        line[c] += grad
                        sums[k, c] += grad
                for c in range(C):
                    value = _to_float(features[b, y, x, c])
                    grad = line[c]
                    low = value > np.float32(-1) or grad < 0
                    high = value < top or grad > 0
                    change_grads[b, y, x, c] = _to_bits(grad if low and high else np.float32(0))
    for c in range(C):
        for k in range(K):
            kink_grads[c, k] = sums[k, c]


@entry_point
def squared_errors(image, added, base, flats, wanted, errors, means):
    """Compute errors in grey levels, and their mean square in each crop.

    Parameters
    ----------
    image : uint8 (B, h, w)
    added, base : uint16 (B, h, w, N)
        bfloat16; what the network and the base add, of 1 for white, for each of N = r * r pixels.
    flats : float32 (256, N)
        What the network adds to a constant image of each level: taken off.
    wanted : uint16 (B, h, w, N)
        In 1/256 of a level.
    errors : float32 (B, h, w, N)
    means : float64 (B,)
    """
    B, h, w, N = added.shape
    for b in range(B):
        total = 0.0
        for y in range(h):
            row = np.float32(0)
            for x in range(w):
                level = image[b, y, x]
                own = np.float32(level)
                for n in range(N):
                    value = _to_float(added[b, y, x, n]) + _to_float(base[b, y, x, n])
                    error = own + np.float32(255) * (value - flats[level, n])
                    error -= np.float32(wanted[b, y, x, n]) * np.float32(1 / 256)
                    errors[b, y, x, n] = error
                    row += error * error
            total += row
        means[b] = total / (h * w * N)


@entry_point
def squared_errors_backward(image, errors, weights, grads, flat_grads):
    """Compute the gradients of a weighted sum of the crops' mean squares.

    `weights` has one factor for each crop; `grads` (bfloat16) is for both summands alike.
    """
    B, h, w, N = errors.shape
    for b in range(B):
        factor = np.float32(2 * 255 * weights[b] / (h * w * N))
        for y in range(h):
            for x in range(w):
                level = image[b, y, x]
                for n in range(N):
                    grad = factor * errors[b, y, x, n]
                    grads[b, y, x, n] = _to_bits(grad)
                    flat_grads[level, n] -= grad


@entry_point
def look_up(levels, words, sums):
    """Add up the entries of all input channels and window places for each output channel.

    Entries are kept with 128 added, as 16-bit fields of 64-bit words: so one addition adds four
    of them, as long as a sum of a window row stays below 65,536.

    Parameters
    ----------
    levels : uint8 (B, H, W * C)
    words : uint64 (blocks, k, k * C, 4 * L)
        Of k x k window places; a block is 16 output channels.
    sums : int32 (B, H - k + 1, W - k + 1, 16 * blocks)
        The output.
    """
    B, h, w, _ = sums.shape
    blocks, k, row, _ = words.shape
    C = row // k
    field = np.uint64(0xFFFF)
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    for b in range(B):
        for y in range(h):
            for x in range(w):
                for block in range(blocks):
                    start = 16 * block
                    for n in range(start, start + 16):
                        sums[b, y, x, n] = -128 * k * row
                    for i in range(k):
                        total0 = total1 = total2 = total3 = np.uint64(0)
                        line = levels[b, y + i, x * C : x * C + row]
                        tables = words[block, i]
                        for t in range(row):
                            entry, at = tables[t], four * np.uint64(line[t])
                            total0 += entry[at]
                            total1 += entry[at + one]
                            total2 += entry[at + two]
                            total3 += entry[at + three]
                        for n in range(4):
                            shift = np.uint64(16 * n)
                            at = start + n
                            sums[b, y, x, at] += np.int32((total0 >> shift) & field)
                            sums[b, y, x, at + 4] += np.int32((total1 >> shift) & field)
                            sums[b, y, x, at + 8] += np.int32((total2 >> shift) & field)
                            sums[b, y, x, at + 12] += np.int32((total3 >> shift) & field)
