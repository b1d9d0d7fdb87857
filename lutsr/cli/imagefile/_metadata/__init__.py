"""What image files state beside their pixels, in forms that several formats share.

``_enlarged`` makes the metadata of a picture true of the upscaled one, by a `_change.Change`.
``_exif`` and ``_xmp`` do so for their blocks; ``_properties`` has the rules of XMP. Blocks are
changed in place, by ``_exif_block`` and ``_xml``. ``_ifd`` reads and writes directories of tags.
"""
