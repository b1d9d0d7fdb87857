"""The compiled chain gives the reference's integers, for every kind of layer."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lutsr._engine import open_engine

from .chains import chains, images, row_groups


@settings(max_examples=60)
@given(chains(), images(), st.data())
def test_random_chains(model, values, data):
    engine = open_engine(model)
    r = engine.scale
    wanted = engine.reference(values, 1)
    for first, last in data.draw(
        st.lists(st.sampled_from(list(row_groups(len(values)))), min_size=1, max_size=3)
    ):
        assert np.array_equal(engine.sums(values, 1, first, last), wanted[first * r : last * r])
