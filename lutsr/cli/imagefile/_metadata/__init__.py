"""What image files state beside their pixels, in forms that several formats share.

``_enlarged`` makes the metadata of a picture true of the upscaled one, by a `_change.Change`.
``_exif`` and ``_xmp`` do so for their blocks, with the rules of ``_properties``; ``_descriptions``
and ``_geo`` for tags that only a TIFF has. Blocks are changed in place, by ``_exif_block`` and
``_xml``. ``_ifd`` reads and writes directories of tags.
"""
