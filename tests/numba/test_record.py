"""Records and constants as arguments of kernels."""

import os
from typing import NamedTuple

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)


class Numbers(NamedTuple):
    count: int
    factor: float
    where: object


class Sizes(NamedTuple):
    rows: int


def test_fields_are_numbers_and_addresses():
    from lutsr._numba.record import record

    array = np.arange(3)
    made = record(Numbers(7, 0.5, array), Sizes(9))
    assert (made["count"], made["factor"], made["rows"]) == (7, 0.5, 9)
    assert made["where"] == array.ctypes.data


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4))[:, :2], np.zeros(4)[::-1], np.zeros(4, np.dtype("i4").newbyteorder())],
)
def test_only_flat_memory_has_an_address(array):
    from lutsr._numba.record import record

    with pytest.raises(ValueError, match="no flat memory"):
        record(Numbers(1, 1.0, array))


def test_constants_are_known_by_their_values():
    from numba import typeof

    from lutsr._numba.record import Constants

    one, same, other = (typeof(Constants(Sizes(rows))) for rows in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.values == Sizes(1)


def test_a_kernel_reads_constants_of_constants():
    from numba import njit, types
    from numba.extending import intrinsic

    from lutsr._numba.jit import part
    from lutsr._numba.record import Constants, ConstantsType, member

    class Two(NamedTuple):
        one: Sizes
        other: Sizes

    seen = []

    @intrinsic
    def rows_of(typing_context, sizes):
        seen.append(sizes)
        rows = sizes.values.rows
        return types.int64(sizes), lambda context, *_: context.get_constant(types.int64, rows)

    one_of, other_of = member("one"), member("other")
    inner = part(lambda sizes: rows_of(sizes))
    whole = njit(lambda both: 10 * inner(one_of(both)) + inner(other_of(both)))
    assert whole(Constants(Two(Sizes(3), Sizes(4)))) == 34
    assert {each.values for each in seen} == {Sizes(3), Sizes(4)}
    assert all(isinstance(each, ConstantsType) for each in seen)
