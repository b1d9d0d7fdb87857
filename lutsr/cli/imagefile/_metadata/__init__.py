"""What image files state beside their pixels, in forms that several formats share.

``_ifd`` reads and writes directories of tags. ``_exif`` and ``_xmp`` keep their blocks true of the
upscaled picture.
"""
