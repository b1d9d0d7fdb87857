"""How rows are divided between threads."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lutsr._frame.bands import BAND_ROWS, _bands


@given(first=st.integers(0, 9), rows=st.integers(1, 50_000), workers=st.integers(1, 70))
def test_bands_are_all_rows_once(first, rows, workers):
    bands = _bands(first, first + rows, min(workers, rows))
    assert all(start < stop for start, stop in bands)
    assert [band[0] for band in bands] == [first, *(band[1] for band in bands[:-1])]
    assert bands[-1][1] == first + rows


@given(rows=st.integers(1, 50_000), workers=st.integers(2, 70))
def test_each_worker_gets_the_same_from_ever_smaller_bands(rows, workers):
    workers = min(workers, rows)
    bands = _bands(0, rows, workers)
    assert len(bands) % workers == 0
    sizes = [stop - start for start, stop in bands]
    batches = [sizes[k : k + workers] for k in range(0, len(sizes), workers)]
    assert all(max(batch) - min(batch) <= 1 for batch in batches)
    assert all(max(b) <= max(a) for a, b in pairwise(batches))
    assert min(sizes) >= min(BAND_ROWS, max(1, rows // (2 * workers)))


def test_small_images_have_one_band_for_each_worker():
    assert _bands(0, 270, 2) == [(0, 135), (135, 270)]
