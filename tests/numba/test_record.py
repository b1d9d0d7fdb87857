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
