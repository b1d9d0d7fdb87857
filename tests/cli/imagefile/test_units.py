"""Resolutions of TIFFs that are a print's, a scene's, or numbers without a unit."""

import pytest

from .test_scales import STACK, enlarged, per_unit, written


@pytest.mark.parametrize("resolution", [(5, 5), (0.25, 0.25), (4, 8)])
def test_resolution_without_a_unit_keeps_its_numbers(resolution):
    options = {"resolution": resolution, "resolutionunit": 1, "photometric": "minisblack"}
    tif, notes = enlarged(written(STACK, metadata=None, **options))
    assert per_unit(tif.pages[0]) == resolution
    assert tif.pages[0].tags[296].value == 1
    assert notes == []


@pytest.mark.parametrize(
    ("description", "unit", "factor"),
    [
        ('{"shape": [8, 6], "axes": "YX", "unit": "um"}', 2, 2),  # inches, unless told otherwise
        ('{"shape": [8, 6], "unit": "nm"}', 1, 2),
        ('{"shape": [8, 6], "unit": "inch"}', 2, 1),
        ('{"shape": [8, 6], "axes": "YX"}', 2, 1),
        ("Pixel Size = 0.2 um", 1, 2),
        ("5 pixels per micron", 1, 2),
        ("5 pixels per micron", 2, 1),
    ],
)
def test_descriptions_that_turn_a_resolution_into_a_scale(description, unit, factor):
    options = {"resolution": (5, 5), "resolutionunit": unit, "photometric": "minisblack"}
    tif, _ = enlarged(written(STACK[0], metadata=None, description=description, **options))
    assert per_unit(tif.pages[0]) == (5 * factor, 5 * factor)
    assert tif.pages[0].tags[296].value == unit
