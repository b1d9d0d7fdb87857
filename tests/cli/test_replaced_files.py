"""Files that are replaced through links, and the endings of JPEGs in folders, as users see them."""

import os

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from lutsr import cli
from lutsr.cli.imagefile._tiff import _bands

from .helpers import pixels, twice

DECODERS = {
    "png": imagecodecs.png_decode,
    "webp": imagecodecs.webp_decode,
    "jxl": imagecodecs.jpegxl_decode,
}


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX modes")
@pytest.mark.parametrize("ending", [*DECODERS, "tif", "bands.tif"])
def test_a_chain_of_links_into_another_folder(folder, repeat, rgb, ending, monkeypatch):
    source = "in.png"
    if ending == "bands.tif":
        monkeypatch.setattr(_bands, "STREAMED_BYTES", 10)
        source = "in.tif"
        tifffile.imwrite(source, rgb, photometric="rgb")
    os.mkdir("away")
    real = f"away/real.{ending}"
    with open(real, "wb") as file:
        file.write(b"old")
    os.chmod(real, 0o600)
    os.symlink(f"real.{ending}", f"away/second.{ending}")
    os.symlink(f"away/second.{ending}", f"first.{ending}")
    assert cli.main([source, "-o", f"first.{ending}", "--overwrite", *repeat]) == 0
    assert os.readlink(f"first.{ending}") == f"away/second.{ending}"
    assert os.readlink(f"away/second.{ending}") == f"real.{ending}"
    assert os.stat(real).st_mode & 0o7777 == 0o600
    if ending in DECODERS:
        with open(real, "rb") as file:
            found = DECODERS[ending](file.read())
    else:
        found = tifffile.imread(real)
    np.testing.assert_array_equal(found, twice(rgb))
    assert sorted(os.listdir("away")) == [f"real.{ending}", f"second.{ending}"]


def test_all_endings_of_jpeg_in_a_folder(folder, repeat, rgb):
    endings = ["jfif", "jpe", "JFIF", "Jpe", "jpeg"]
    os.mkdir("photos")
    for index, ending in enumerate(endings):
        Image.fromarray(rgb // 2 + index).save(f"photos/{index}.{ending}", "JPEG", quality=100)
    assert cli.main(["photos", "-o", "big/", "-f", "png", *repeat]) == 0
    assert len(os.listdir("big")) == len(endings)
    for index, ending in enumerate(endings):
        with open(f"photos/{index}.{ending}", "rb") as file:
            decoded = imagecodecs.jpeg8_decode(file.read())
        np.testing.assert_array_equal(pixels(f"big/{index}_x2.png"), twice(decoded))
