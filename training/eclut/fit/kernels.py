"""All jitted code of the fit: residuals of a plane, and their sums per pair of grey levels.

The kernel takes arrays that `training.eclut.fit.data` has laid out, adds to the outputs it is
given and never raises. What a pair adds to the picture around it is a *window* of cells (r * r
values
each): a pair p above q has four rows of three cells, p left of q three rows of four. Going along a
row of cells, the sums of four neighbouring cells stay in registers, as in
``lutsr._eclut.kernels``: every pair adds one row of its window, the leftmost cell is then complete
and the others move up. On the
way back every pair collects the residuals of its cells, one row of its window at a time.

numba does not vectorise short loops, hence the intrinsics. At scale 3 a cell has 9 values but is
loaded as 16: what is in the other lanes is never used, but arrays must be padded by `PADDING`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

#: Values that vector loads may read (and stores may write) behind the last one in use.
PADDING = 16

_F32 = ir.FloatType()


def _jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without the GIL, cached on disk where some cache folder is writable."""
    options = {"nogil": True, "boundscheck": False}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no place for a cache
        return njit(**options)(function)


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
    """Point at an element of an array, as a pointer to `kind`."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=value).data
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


def _spread(builder: Any, value: Any, lanes: int) -> Any:
    """Copy one value to all lanes."""
    vector = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    one = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(one, vector, zeros)


@intrinsic
def _no_sums(typing_context, scale):
    """Start with zero sums; r is the length of the tuple `scale`."""

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(signature.return_type), None)

    return _Sums(len(scale))(scale), generate


@intrinsic
def _add_row(typing_context, sums, table, position, cells):
    """Add as many cells as the tuple `cells` is long, from a place in a flat table."""

    def generate(context, builder, signature, arguments):
        value, entries, first, _ = arguments
        vector = ir.VectorType(_F32, sums.lanes)
        for cell in range(len(cells)):
            at = builder.add(first, ir.Constant(first.type, cell * sums.r**2))
            pointer = _at(context, builder, table, entries, at, vector)
            total = builder.fadd(builder.extract_value(value, cell), builder.load(pointer, align=4))
            value = builder.insert_value(value, total, cell)
        return value

    return sums(sums, table, position, cells), generate


@intrinsic
def _finish_cell(typing_context, sums, target, target_at, own, goal, row, row_at):
    """Write sum - goal * (target - own) of the leftmost cell, and move the others up."""

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
def _collect_row(typing_context, table, position, row, row_at, cells, scale):
    """Add a run of cells of a row to a place in a flat table."""
    vector = ir.VectorType(_F32, len(cells) * len(scale) ** 2)

    def generate(context, builder, signature, arguments):
        entries, to, values, from_, _, _ = arguments
        target = _at(context, builder, table, entries, to, vector)
        source = _at(context, builder, row, values, from_, vector)
        total = builder.fadd(builder.load(target, align=4), builder.load(source, align=4))
        builder.store(total, target, align=4)
        return context.get_dummy_value()

    return types.void(table, position, row, row_at, cells, scale), generate


@_jit
def _find_pairs(ones, others, length, places):
    """Note where the windows of pairs (ones[k], others[k]) start."""
    for k in range(len(ones)):
        places[k] = (np.int32(ones[k]) * np.int32(256) + np.int32(others[k])) * np.int32(length)


@njit(nogil=True, fastmath={"reassoc", "contract"})
def _sum_of_squares(row):
    total = np.float32(0)
    for k in range(len(row)):
        total += row[k] * row[k]
    return total


@_jit
def _find_row(image, row, length, v_places, h_places):
    """Note where the windows of the pairs of a row are: each with the one below, to the right."""
    h, w = image.shape
    if row < h:
        _find_pairs(image[row, : w - 1], image[row, 1:], length, h_places[row % 4])
    if row < h - 1:
        _find_pairs(image[row], image[row + 1], length, v_places[row % 4])


@_jit
def _find_cells(target, i, cells, scale):
    """Lay row i of the cells of a full-size plane out, one cell after the other."""
    r = len(scale)
    for u in range(r):
        line = target[i * r + u]
        for x in range(len(line) // r):
            for v in range(r):
                cells[(x * r + u) * r + v] = line[x * r + v]


@_jit
def _residual_row(
    image, i, cells, goal, v_table, h_table, v_places, h_places, row, scale, three, four
):
    """Fill a row with the residuals of the cells of row i, zeros less than two from the ends."""
    w = image.shape[1]
    rr = len(scale) * len(scale)
    v_step, h_step = 3 * rr, 4 * rr
    v0, v1 = v_places[(i + 1) % 4], v_places[i % 4]
    v2, v3 = v_places[(i - 1) % 4], v_places[(i - 2) % 4]
    h0, h1, h2 = h_places[(i + 1) % 4], h_places[i % 4], h_places[(i - 1) % 4]
    sums = _no_sums(scale)
    # Cells -1 to 1 lack what pairs beyond the left border would add; they are zeroed below.
    for j in range(w - 1):
        sums = _add_row(sums, v_table, v0[j], three)
        sums = _add_row(sums, v_table, v1[j] + v_step, three)
        sums = _add_row(sums, v_table, v2[j] + 2 * v_step, three)
        sums = _add_row(sums, v_table, v3[j] + 3 * v_step, three)
        sums = _add_row(sums, h_table, h0[j], four)
        sums = _add_row(sums, h_table, h1[j] + h_step, four)
        sums = _add_row(sums, h_table, h2[j] + 2 * h_step, four)
        x = max(j - 1, 0)
        sums = _finish_cell(sums, cells, x * rr, image[i, x], goal, row, j * rr)
    row[: 3 * rr] = 0
    row[(w - 1) * rr :] = 0


@_jit
def fit_pass(
    image, target, goal, v_table, h_table, v_sums, h_sums, v_places, h_places, cells, rows,
    squares, scale, three, four,
):  # fmt: skip
    """Residuals of a plane's inner cells, and their sums per pair.

    The residual of a cell is the sum of its windows less ``goal * (target - own level)``.

    Parameters
    ----------
    image : uint8 (h, w)
        At least 5 x 5; cells less than two pixels from the border are left out.
    target : uint8 (h * r, w * r)
        The full-size plane, read row by row: it may be larger than memory.
    goal : float32
    v_table, h_table : float32 (65536 * 12 * r * r + PADDING,)
        Windows of the pairs above each other, and of those beside each other.
    v_sums, h_sums : float32, as the tables
        Residuals are added to the windows of the pairs that they come from.
    v_places, h_places : int32 (4, at least w)
    cells : uint8 (at least w * r * r + PADDING,)
    rows : float32 (4, at least (w + 2) * r * r + PADDING)
        Scratch; a row has an empty cell at either end.
    squares : float64 (1,)
        The sum of squared residuals is added.
    scale, three, four : tuple
        Of the lengths r, 3 and 4.
    """
    h, w = image.shape
    rr = len(scale) * len(scale)
    length = 12 * rr
    v_step, h_step = 3 * rr, 4 * rr
    rows[:] = 0
    for row in range(3):
        _find_row(image, row, length, v_places, h_places)
    flat = rows.ravel()
    stride = rows.shape[1]
    for i in range(2, h + 1):
        _find_row(image, i + 1, length, v_places, h_places)
        if i < h - 2:
            _find_cells(target, i, cells, scale)
            _residual_row(
                image, i, cells, goal, v_table, h_table, v_places, h_places,
                rows[i % 4], scale, three, four,
            )  # fmt: skip
            squares[0] += _sum_of_squares(rows[i % 4, : w * rr])
        else:
            rows[i % 4] = 0
        # The pairs of row i - 2 reach the cells of rows i - 3 to i; all of them are there now.
        t = i - 2
        r0, r1 = ((t - 1) % 4) * stride, (t % 4) * stride
        r2, r3 = ((t + 1) % 4) * stride, ((t + 2) % 4) * stride
        v_at, h_at = v_places[t % 4], h_places[t % 4]
        for j in range(w - 1):
            x = j * rr
            _collect_row(v_sums, v_at[j], flat, r0 + x, three, scale)
            _collect_row(v_sums, v_at[j] + v_step, flat, r1 + x, three, scale)
            _collect_row(v_sums, v_at[j] + 2 * v_step, flat, r2 + x, three, scale)
            _collect_row(v_sums, v_at[j] + 3 * v_step, flat, r3 + x, three, scale)
            _collect_row(h_sums, h_at[j], flat, r0 + x, four, scale)
            _collect_row(h_sums, h_at[j] + h_step, flat, r1 + x, four, scale)
            _collect_row(h_sums, h_at[j] + 2 * h_step, flat, r2 + x, four, scale)


@_jit
def predict(image, v_table, h_table, v_places, h_places, cells, row, out, scale, three, four):
    """Write the cells of a plane, as uint8 (h, w, r * r), zeros near the borders.

    The arguments are those of `fit_pass`; `row` is one row of scratch, what is in `cells` counts
    for nothing.
    """
    h, w = image.shape
    rr = len(scale) * len(scale)
    out[:] = 0
    for i in range(3):
        _find_row(image, i, 12 * rr, v_places, h_places)
    for i in range(2, h - 2):
        _find_row(image, i + 1, 12 * rr, v_places, h_places)
        _residual_row(
            image, i, cells, np.float32(0), v_table, h_table,
            v_places, h_places, row, scale, three, four,
        )  # fmt: skip
        for j in range(2, w - 2):
            own = np.float32(image[i, j])
            for k in range(rr):
                grey = np.floor(own + (row[(j + 1) * rr + k] + np.float32(2)) / np.float32(4))
                out[i, j, k] = min(max(grey, 0), 255)


@_jit
def coarse_gram(image, weight, step, first, nodes, parts, gram):
    """Add the Gram matrix of coarse features of every `step`-th inner cell.

    A cell's features are, for each of the 12 + 12 windows that add to it, the coarse nodes that
    the pair of that window is interpolated from.

    Parameters
    ----------
    image : uint8 (h, w)
    weight : float
    step, first : int
        Cells ``first, first + step, ...`` count, along the rows.
    nodes : int32 (65536, K)
    parts : float32 (65536, K)
        Node numbers of a pair, and how much of each.
    gram : float64 (24 * n, 24 * n)
    """
    h, w = image.shape
    K = nodes.shape[1]
    n = gram.shape[0] // 24
    places = np.empty(24 * K, np.int64)
    values = np.empty(24 * K, np.float64)
    for cell in range(first, (h - 4) * (w - 4), step):
        i, j = 2 + cell // (w - 4), 2 + cell % (w - 4)
        for s in range(4):
            for c in range(3):
                one, other = image[i + 1 - s, j + 1 - c], image[i + 2 - s, j + 1 - c]
                pair = np.int64(one) * 256 + other
                for k in range(K):
                    places[(s * 3 + c) * K + k] = (s * 3 + c) * n + nodes[pair, k]
                    values[(s * 3 + c) * K + k] = parts[pair, k]
                one, other = image[i + 1 - c, j + 1 - s], image[i + 1 - c, j + 2 - s]
                pair = np.int64(one) * 256 + other
                for k in range(K):
                    places[(12 + c * 4 + s) * K + k] = (12 + c * 4 + s) * n + nodes[pair, k]
                    values[(12 + c * 4 + s) * K + k] = parts[pair, k]
        for a in range(24 * K):
            row, value = places[a], weight * values[a]
            for b in range(24 * K):
                gram[row, places[b]] += value * values[b]
