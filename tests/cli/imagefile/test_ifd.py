"""The reader of tag directories: what it finds, and its limits on hostile files."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
import tifffile

from lutsr.cli.imagefile._metadata import _ifd

from .helpers import noise, parse, saved, tiff

FORMS = [{"byteorder": order, "bigtiff": big} for order in "<>" for big in (False, True)]


@pytest.mark.parametrize("options", FORMS)
def test_chain_and_tags_are_those_that_tifffile_finds(options):
    data = tiff([noise((5, 4)), noise((9, 7))], description="a view", **options)
    layout, pages = _ifd.chain(io.BytesIO(data))
    assert layout == (options["byteorder"], options["bigtiff"])
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        assert [directory.offset for _, directory in pages] == [page.offset for page in tif.pages]
        for (_, directory), page in zip(pages, tif.pages, strict=True):
            tags = _ifd.tags(io.BytesIO(data), directory, layout)
            assert set(tags) == {tag.code for tag in page.tags}
            assert tags[256].value() == page.imagewidth
            assert tags[270].data == b"a view\0"
            assert all(tag.position == page.tags[code].offset for code, tag in tags.items())


@pytest.mark.parametrize("options", FORMS)
def test_links_are_where_the_offsets_of_the_pages_are_written(options):
    data = tiff([noise((5, 4)), noise((5, 4)), noise((5, 4))], **options)
    layout, pages = _ifd.chain(io.BytesIO(data))
    for link, directory in pages:
        assert layout.offset_field.unpack_from(data, link) == (directory.offset,)
    assert pages[-1][1].next == 0


@pytest.mark.parametrize("big", [False, True])
def test_what_is_written_is_read_back(big):
    tags = {
        271: _ifd.Tag(2, 6, b"Maker\0", 0),
        282: _ifd.Tag(_ifd.RATIONAL, 1, struct.pack("<II", 3, 2), 0),
        _ifd.EXIF: {0xA002: _ifd.Tag(_ifd.LONG, 1, struct.pack("<I", 9), 0)},
    }
    file = io.BytesIO(bytes(10) + _ifd.encode(tags, 10, big))
    found = _ifd.tree(file, 10, _ifd.Layout(big=big))

    def values(tree):
        return {k: tag[:3] if isinstance(tag, _ifd.Tag) else values(tag) for k, tag in tree.items()}

    assert values(found) == values(tags)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it ends too early"),
        (b"no TIFF at all", "it does not state its byte order"),
        (b"II*\0\0\0\0\0", "it has no pages"),
        (b"II*\0\xff\xff\xff\xff", "it ends too early"),
        (b"II*\0\x08\0\0\0\xff\xff" + bytes(100), "it ends too early"),
        (b"II+\0\x08\0\0\0" + b"\xff" * 8, "it ends too early"),
        (b"II+\0\x08\0\0\0\x10" + bytes(7) + b"\xff" * 100, "it ends too early"),
        (b"MM\0*\0\0\0\x08\0\0\0\0\0\x08", "its pages go in a circle"),
    ],
)
def test_broken_chains(content, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        _ifd.chain(io.BytesIO(content))


def test_chain_does_not_read_the_entries():
    # Otherwise a file of overlapping directories would take time quadratic in its size.
    read = []

    class File(io.BytesIO):
        def read(self, size=-1):
            read.append(size)
            return super().read(size)

    _, pages = _ifd.chain(File(tiff([noise((5, 4)), noise((9, 7))])))
    assert len(pages) == 2
    assert max(read) <= 8


def test_many_tags_that_share_one_large_block():
    length, count = 100_000, 5000
    entries = b"".join(struct.pack("<HHII", 40_000 + k, 1, length, 8) for k in range(count))
    head = struct.pack("<2sHI", b"II", 42, 8 + length)
    exif = head + bytes(length) + struct.pack("<H", count) + entries + bytes(4)
    data = saved(np.zeros((4, 4), np.uint8), "PNG", exif=exif)
    tracemalloc.start()
    try:
        picture = parse(data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    (note,) = picture.notes
    assert note.startswith("damaged parts of its EXIF data were left out: tag 40006, tag 40007,")
    assert note.endswith(" and 4989 more")


def test_tag_outside_the_file_is_skipped():
    entries = struct.pack("<HHII", 271, 2, 6, 10_000) + struct.pack("<HHIHxx", 274, 3, 1, 6)
    file = io.BytesIO(b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4))
    layout, [(_, directory)] = _ifd.chain(file)
    tags = _ifd.tags(file, directory, layout)
    assert set(tags) == {274}
    assert tags[274].value() == 6
