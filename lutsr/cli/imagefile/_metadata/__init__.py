"""What image files state beside their pixels, in forms that several formats share.

``_enlarged`` makes the metadata of a picture true of the upscaled one, by a `_change.Change`.
``_exif`` and ``_xmp`` do so for their blocks. ``_exif_block`` changes tags in place, and ``_ifd``
reads and writes directories of tags.
"""
