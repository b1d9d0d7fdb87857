"""What the tests of chains share: the authors' files, where they are at hand."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def count_differing(shared):
    """Return a function that counts differing samples of the results for pictures."""
    image = pytest.importorskip("PIL.Image", reason="needs Pillow, to read pictures")

    from lutsr import Upscaler

    def pixels(path):
        with image.open(path) as file:
            return np.asarray(file.convert("RGB"))

    def count(model, inputs, results):
        upscale = Upscaler(model)
        differing = 0
        for path, wanted in zip(inputs, results, strict=True):
            big = upscale(pixels(path), channel_axis=-1)
            differing += np.count_nonzero(big != pixels(wanted))
        return differing

    return count
