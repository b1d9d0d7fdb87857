from lutsr._eclut.engine import EclutEngine
from training.eclut.constants import ENTRIES_PER_LEVEL, MARGIN, TAPS, WINDOW, tap_offsets


def test_are_those_of_the_library():
    assert EclutEngine.halo == MARGIN
    assert EclutEngine.divisor == ENTRIES_PER_LEVEL
    assert len(tap_offsets(1)) == TAPS == 9
    # A window spans the taps of a pair's two rotations.
    assert WINDOW == (4, 3)
