"""The compiled code of the fit: residuals of a plane, and their sums per pair of grey levels.

A pair adds a *window* of cells (r * r values each) to the picture around it: a pair p above q has
four rows of three cells, p left of q three rows of four. Along a row of cells, the sums of four
neighbouring cells stay in registers, as in ``lutsr._eclut.kernels``: each pair adds one row of its
window, then the leftmost cell is complete and the others move up by one. In the adjoint pass each
pair collects the residuals of its cells, one row of its window at a time.

numba does not vectorise short loops; hence the intrinsics. At scale 3 a cell has 9 values but is
loaded as 16: the other lanes are never used, but arrays must be padded by `PADDING`.

Kernels add to the outputs that they are given, allocate nothing and never raise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model
from numpy.typing import NDArray

from lutsr._numba.jit import entry_point, part, reordered_part
from lutsr._numba.llvm import array_data, at_pointer
from training.eclut.constants import ENTRIES_PER_LEVEL, LEVELS, MARGIN

#: Values behind the last used one that vector loads may read, and stores may write.
PADDING = 16


class PairArrays(NamedTuple):
    """Two arrays: of the pairs above each other, and of those beside each other."""

    above: NDArray[Any]
    beside: NDArray[Any]


class Scratch(NamedTuple):
    """Scratch arrays of a plane of w columns or fewer.

    Attributes
    ----------
    places : PairArrays of int32 (4, w)
        Where the windows of the pairs of four rows start.
    cells : uint8 (w * r * r + PADDING,)
        A row of cells of the full-size plane.
    rows : float32 (n, (w + 2) * r * r + PADDING)
        Rows of residuals, with an empty cell at either end; 4 for `fit_pass`, 1 for `predict`.
    flat : float32
        The same rows as an array of one axis.
    """

    places: PairArrays
    cells: NDArray[np.uint8]
    rows: NDArray[np.float32]
    flat: NDArray[np.float32]


class Lengths(NamedTuple):
    """Tuples of r, 3 and 4 elements: numba compiles for each length."""

    scale: tuple[int, ...]
    three: tuple[int, ...]
    four: tuple[int, ...]


_F32 = ir.FloatType()


class _Sums(types.Type):
    """Sums of four neighbouring cells at scale `r`."""

    def __init__(self, r: int) -> None:
        self.r = r
        self.lanes = 4 if r == 2 else 16
        super().__init__(name=f"fit_sums({r})")


@register_model(_Sums)
class _SumsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, sums: _Sums) -> None:
        super().__init__(manager, sums, ir.ArrayType(ir.VectorType(_F32, sums.lanes), 4))


def _at(context: Any, builder: Any, array_type: Any, value: Any, index: Any, kind: Any) -> Any:
    """Return the pointer to an element of an array, as a pointer to `kind`."""
    data = array_data(context, builder, array_type, value)
    return at_pointer(builder, data, index, kind)


def _spread(builder: Any, value: Any, lanes: int) -> Any:
    """Copy one value to all lanes."""
    vector = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    one = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(one, vector, zeros)


@intrinsic
def _no_sums(typing_context, scale):
    """Return zero sums; r is the length of the tuple `scale`."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return _Sums(len(scale))(scale), generate


@intrinsic
def _add_row(typing_context, sums, windows, position, cells):
    """Add len(cells) cells, from a position in flat windows."""

    def generate(context, builder, signature, arguments):
        value, entries, first, _ = arguments
        vector = ir.VectorType(_F32, sums.lanes)
        for cell in range(len(cells)):
            at = builder.add(first, ir.Constant(first.type, cell * sums.r**2))
            pointer = _at(context, builder, windows, entries, at, vector)
            total = builder.fadd(builder.extract_value(value, cell), builder.load(pointer, align=4))
            value = builder.insert_value(value, total, cell)
        return value

    return sums(sums, windows, position, cells), generate


@intrinsic
def _finish_cell(typing_context, sums, target, target_at, own, goal, row, row_at):
    """Write sum - goal * (target - own) of the leftmost cell, and move the others up by one."""

    def generate(context, builder, signature, arguments):
        value, target_value, from_, own_value, goal_value, row_value, to = arguments
        lanes = sums.lanes
        bytes_ = ir.VectorType(ir.IntType(8), lanes)
        vector = ir.VectorType(_F32, lanes)
        pointer = _at(context, builder, target, target_value, from_, bytes_)
        wanted = builder.uitofp(builder.load(pointer, align=1), vector)
        own_value = builder.uitofp(own_value, _F32)
        wanted = builder.fsub(wanted, _spread(builder, own_value, lanes))
        wanted = builder.fmul(wanted, _spread(builder, goal_value, lanes))
        residual = builder.fsub(builder.extract_value(value, 0), wanted)
        builder.store(residual, _at(context, builder, row, row_value, to, vector), align=4)
        for cell in range(3):
            value = builder.insert_value(value, builder.extract_value(value, cell + 1), cell)
        return builder.insert_value(value, ir.Constant(vector, None), 3)

    return sums(sums, target, target_at, own, goal, row, row_at), generate


@intrinsic
def _collect_row(typing_context, windows, position, row, row_at, cells, scale):
    """Add len(cells) cells of a row to flat windows, from a position on."""
    vector = ir.VectorType(_F32, len(cells) * len(scale) ** 2)

    def generate(context, builder, signature, arguments):
        entries, to, values, from_, _, _ = arguments
        target = _at(context, builder, windows, entries, to, vector)
        source = _at(context, builder, row, values, from_, vector)
        total = builder.fadd(builder.load(target, align=4), builder.load(source, align=4))
        builder.store(total, target, align=4)
        return context.get_dummy_value()

    return types.void(windows, position, row, row_at, cells, scale), generate


@part
def _find_pairs(ones, others, length, places):
    """Write where the windows of pairs (ones[k], others[k]) start."""
    for k in range(len(ones)):
        places[k] = (np.int32(ones[k]) * np.int32(LEVELS) + np.int32(others[k])) * np.int32(length)


@reordered_part
def _sum_of_squares(row):
    total = np.float32(0)
    for k in range(len(row)):
        total += row[k] * row[k]
    return total


@part
def _find_row(image, row, length, places):
    """Write where the windows of a row's pairs start: with the row below, and in the row."""
    h, w = image.shape
    if row < h:
        _find_pairs(image[row, : w - 1], image[row, 1:], length, places.beside[row % 4])
    if row < h - 1:
        _find_pairs(image[row], image[row + 1], length, places.above[row % 4])


@part
def _range_around(image, i, j):
    """Return the range of the levels in the 3 x 3 pixels around an inner one."""
    low = high = image[i, j]
    for y in range(i - 1, i + 2):
        for x in range(j - 1, j + 2):
            low, high = min(low, image[y, x]), max(high, image[y, x])
    return np.int64(high) - np.int64(low)


@part
def _weigh_row(image, i, weights, row, rr):
    """Multiply the residuals of the cells of row i by their weights, and return the squares.

    The weight is divided between the two factors of the squares.
    """
    total = np.float32(0)
    for j in range(MARGIN, image.shape[1] - MARGIN):
        weight = weights[_range_around(image, i, j)]
        cell = row[(j + 1) * rr : (j + 2) * rr]
        total += weight * _sum_of_squares(cell)
        for k in range(rr):
            cell[k] *= weight
    return total


@part
def _find_cells(target, i, cells, scale):
    """Copy row i of the cells of a full-size plane, one cell after the other."""
    r = len(scale)
    for u in range(r):
        line = target[i * r + u]
        for x in range(len(line) // r):
            for v in range(r):
                cells[(x * r + u) * r + v] = line[x * r + v]


@part
def _residual_row(image, i, goal, windows, scratch, row, lengths):
    """Fill a row with the residuals of the cells of row i, zeros less than two from the ends."""
    w = image.shape[1]
    scale, three, four = lengths
    rr = len(scale) * len(scale)
    v_step, h_step = 3 * rr, 4 * rr
    above, beside = windows
    v_places, h_places = scratch.places
    v0, v1 = v_places[(i + 1) % 4], v_places[i % 4]
    v2, v3 = v_places[(i - 1) % 4], v_places[(i - 2) % 4]
    h0, h1, h2 = h_places[(i + 1) % 4], h_places[i % 4], h_places[(i - 1) % 4]
    sums = _no_sums(scale)
    # Cells -1 to 1 lack contributions of pairs beyond the left border; they are zeroed below.
    for j in range(w - 1):
        sums = _add_row(sums, above, v0[j], three)
        sums = _add_row(sums, above, v1[j] + v_step, three)
        sums = _add_row(sums, above, v2[j] + 2 * v_step, three)
        sums = _add_row(sums, above, v3[j] + 3 * v_step, three)
        sums = _add_row(sums, beside, h0[j], four)
        sums = _add_row(sums, beside, h1[j] + h_step, four)
        sums = _add_row(sums, beside, h2[j] + 2 * h_step, four)
        x = max(j - 1, 0)
        sums = _finish_cell(sums, scratch.cells, x * rr, image[i, x], goal, row, j * rr)
    row[: (MARGIN + 1) * rr] = 0
    row[(w + 1 - MARGIN) * rr :] = 0


@entry_point
def fit_pass(image, target, goal, weights, windows, sums, scratch, squares, lengths):
    """Add the weighted residuals of a plane's inner cells to their pairs.

    The residual of a cell is the sum of its windows minus ``goal * (target - own level)``.

    Parameters
    ----------
    image : uint8 (h, w)
        At least 5 x 5; cells less than two pixels from the border are left out.
    target : uint8 (h * r, w * r)
        The full-size plane. It is read row by row, and may be larger than memory.
    goal : float32
    weights : float32 (256,)
        Weight of a cell by the range of the levels in 3 x 3 pixels.
    windows : PairArrays of float32 (65536 * 12 * r * r + PADDING,)
    sums : PairArrays, as `windows`
        The output: residuals are added to the windows of the pairs that they come from.
    scratch : Scratch
    squares : float64 (1,)
        The output: the weighted sum of squared residuals is added.
    lengths : Lengths
    """
    h, w = image.shape
    scale, three, four = lengths
    rr = len(scale) * len(scale)
    length = 12 * rr
    v_step, h_step = 3 * rr, 4 * rr
    v_sums, h_sums = sums
    rows = scratch.rows
    rows[:] = 0
    for row in range(MARGIN + 1):
        _find_row(image, row, length, scratch.places)
    flat = scratch.flat
    stride = rows.shape[1]
    for i in range(MARGIN, h + 1):
        _find_row(image, i + 1, length, scratch.places)
        if i < h - MARGIN:
            _find_cells(target, i, scratch.cells, scale)
            _residual_row(image, i, goal, windows, scratch, rows[i % 4], lengths)
            squares[0] += _weigh_row(image, i, weights, rows[i % 4], rr)
        else:
            rows[i % 4] = 0
        # The pairs of row i - 2 reach the cells of rows i - 3 to i; all of them are complete now.
        t = i - 2
        r0, r1 = ((t - 1) % 4) * stride, (t % 4) * stride
        r2, r3 = ((t + 1) % 4) * stride, ((t + 2) % 4) * stride
        v_at, h_at = scratch.places.above[t % 4], scratch.places.beside[t % 4]
        for j in range(w - 1):
            x = j * rr
            _collect_row(v_sums, v_at[j], flat, r0 + x, three, scale)
            _collect_row(v_sums, v_at[j] + v_step, flat, r1 + x, three, scale)
            _collect_row(v_sums, v_at[j] + 2 * v_step, flat, r2 + x, three, scale)
            _collect_row(v_sums, v_at[j] + 3 * v_step, flat, r3 + x, three, scale)
            _collect_row(h_sums, h_at[j], flat, r0 + x, four, scale)
            _collect_row(h_sums, h_at[j] + h_step, flat, r1 + x, four, scale)
            _collect_row(h_sums, h_at[j] + 2 * h_step, flat, r2 + x, four, scale)


@entry_point
def predict(image, windows, scratch, out, lengths):
    """Write the cells of a plane, as uint8 (h, w, r * r), zeros near the borders.

    The arguments are those of `fit_pass`, with one row of scratch.
    """
    h, w = image.shape
    rr = len(lengths.scale) * len(lengths.scale)
    row = scratch.rows[0]
    out[:] = 0
    for i in range(MARGIN + 1):
        _find_row(image, i, 12 * rr, scratch.places)
    for i in range(MARGIN, h - MARGIN):
        _find_row(image, i + 1, 12 * rr, scratch.places)
        _residual_row(image, i, np.float32(0), windows, scratch, row, lengths)
        for j in range(MARGIN, w - MARGIN):
            own = np.float32(image[i, j])
            for k in range(rr):
                quarters = row[(j + 1) * rr + k] + np.float32(ENTRIES_PER_LEVEL // 2)
                grey = np.floor(own + quarters / np.float32(ENTRIES_PER_LEVEL))
                out[i, j, k] = min(max(grey, 0), 255)


@entry_point
def coarse_gram(image, cell_weights, step, first, nodes, weights, scratch, gram):
    """Add the Gram matrix of coarse features of every `step`-th inner cell.

    The features of a cell are, for each of the 12 + 12 windows that add to it, the coarse nodes
    that the window of that pair is interpolated from.

    Parameters
    ----------
    image : uint8 (h, w)
    cell_weights : float32 (256,)
        As in `fit_pass`.
    step, first : int
        Cells ``first, first + step, ...``, numbered along the rows, are used.
    nodes : int32 (65536, K)
        Nodes of each pair.
    weights : float32 (65536, K)
        Their weights.
    scratch : int64 (24 * K,) and float64 (24 * K,)
        Features of a cell, and their values.
    gram : float64 (24 * n, 24 * n)
        The output, for n nodes.
    """
    h, w = image.shape
    K = nodes.shape[1]
    n = gram.shape[0] // 24
    places, values = scratch
    columns = w - 2 * MARGIN
    for cell in range(first, (h - 2 * MARGIN) * columns, step):
        i, j = MARGIN + cell // columns, MARGIN + cell % columns
        for s in range(4):
            for c in range(3):
                one, other = image[i + 1 - s, j + 1 - c], image[i + 2 - s, j + 1 - c]
                pair = np.int64(one) * LEVELS + other
                for k in range(K):
                    places[(s * 3 + c) * K + k] = (s * 3 + c) * n + nodes[pair, k]
                    values[(s * 3 + c) * K + k] = weights[pair, k]
                one, other = image[i + 1 - c, j + 1 - s], image[i + 1 - c, j + 2 - s]
                pair = np.int64(one) * LEVELS + other
                for k in range(K):
                    places[(12 + c * 4 + s) * K + k] = (12 + c * 4 + s) * n + nodes[pair, k]
                    values[(12 + c * 4 + s) * K + k] = weights[pair, k]
        weight = np.float64(step) * cell_weights[_range_around(image, i, j)]
        for a in range(24 * K):
            row, value = places[a], weight * values[a]
            for b in range(24 * K):
                gram[row, places[b]] += value * values[b]
