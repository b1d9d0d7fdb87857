"""The bytes that NOTES.md counts are those of the tables that the kernels load."""

import re

import numpy as np
import pytest

import lutsr
from lutsr import _fusion

from ..conftest import ROOT

NOTES = (ROOT / "benchmarks" / "NOTES.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"\| (\S+) x(\d) \| (\d) x (\d) cells.*, (\d+) B \| (\d) x (\d) cells.*, (\d+) B "
    r"\| (\d+) B in (\d) loads \| ([\d.]+) B \| 1 B \|"
)


def test_bytes_of_entries():
    rows = ROW.findall(NOTES)
    assert len(rows) == len(lutsr.models())
    for model, *numbers in rows:
        r, v_slots, v_cells, v_bytes, h_slots, h_cells, h_bytes, loaded, loads = map(
            int, numbers[:-1]
        )
        lanes = v_bytes // (v_slots * v_cells)
        assert lanes == h_bytes // (h_slots * h_cells) == {2: 4, 3: 16, 4: 16}[r]
        assert (loaded, loads) == (v_bytes + h_bytes, v_slots + h_slots)
        assert float(numbers[-1]) == pytest.approx(loaded / r**2, abs=0.05)
        fused = lutsr.load(model, r)._fused
        for table, size in ((fused.vertical, v_bytes), (fused.horizontal, h_bytes)):
            assert table.dtype == np.int8
            # An entry starts on a cache line.
            assert table.shape == (65537, -(-size // _fusion.LINE) * _fusion.LINE)
