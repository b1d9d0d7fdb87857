"""Formats that are not read: each is refused by its name, with the right article."""

import contextlib

import pytest
from PIL import Image

from .helpers import READ, refusal, saved


@pytest.mark.parametrize(
    "kind",
    ["a PPM", "an ICO", "a TGA", "a PCX", "a SPIDER", "an SGI", "an EPS", "an MSP", "an XBM",
     "a JPEG2000", "an ICNS", "a DDS"],
)  # fmt: skip
def test_other_formats_are_refused_by_name(tmp_path, kind):
    path = tmp_path / "a.png"  # only the content counts
    name = kind.split()[1]
    image = Image.new(
        {"MSP": "1", "XBM": "1", "SPIDER": "F", "ICNS": "RGBA"}.get(name, "L"), (16, 16)
    )
    path.write_bytes(saved(image, name))
    assert refusal(path) == f"is {kind} file, not {READ}; convert it first"


def test_article_of_each_format_that_pillow_names(monkeypatch):
    Image.init()
    named = {}
    for name in Image.OPEN:
        monkeypatch.setattr(Image, "open", lambda file, name=name: SimpleImage(name))
        named[name] = refusal(b"something else").split()[1]
    spelled = {
        "AVIF",
        "EPS",
        "FLI",
        "FTEX",
        "HDF5",
        "ICNS",
        "ICO",
        "IM",
        "IMT",
        "IPTC",
        "MPEG",
        "MPO",
        "MSP",
        "SGI",
        "XBM",
        "XPM",
        "XVTHUMB",
    }
    assert {name for name in named if named[name] == "an"} == spelled & named.keys()


class SimpleImage(contextlib.nullcontext):
    """Stands for an image that Pillow has recognised."""

    def __init__(self, name):
        super().__init__(self)
        self.format = name
