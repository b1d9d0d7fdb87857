"""From sums to values: division, rounding and clipping, in every type."""

from fractions import Fraction

import numpy as np
import pytest

from lutsr._frame.depth import FLOAT_STEPS, from_sums, to_steps


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 12, 16, 64])
@pytest.mark.parametrize("half_even", [False, True])
def test_integers_are_rounded_once(divisor, half_even):
    sums = np.arange(-3 * divisor, 258 * divisor, dtype=np.int32)
    wanted = []
    for value in sums.tolist():
        exact = Fraction(value, divisor)
        rounded = round(exact) if half_even else (exact + Fraction(1, 2)).__floor__()
        wanted.append(min(max(rounded, 0), 255))
    out = np.empty(sums.shape, np.uint8)
    from_sums(sums, out, divisor, half_even)
    assert out.tolist() == wanted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("divisor", [1, 4, 12, 64])
def test_floats_keep_their_fractions(dtype, divisor):
    white = 255 * FLOAT_STEPS * divisor
    sums = np.array([-5, 0, 1, white // 3, white - 1, white, white + 7], np.int32)
    out = np.empty(sums.shape, dtype)
    wanted = np.clip(sums / white, 0, 1)
    from_sums(sums, out, divisor)
    np.testing.assert_allclose(out, wanted, rtol=2 * np.finfo(dtype).eps)
    assert out.min() == 0
    assert out.max() == 1


def test_steps_stay_inside_the_levels():
    values = np.array([-1e-6, 0, 0.5, 1, 1 + 1e-6])
    assert to_steps(values).tolist() == [0, 0, 255 * FLOAT_STEPS // 2, *[255 * FLOAT_STEPS] * 2]
    assert to_steps(np.array([7, 65535], np.uint16)).tolist() == [7, 65535]
