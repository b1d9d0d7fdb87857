"""TIFF, read and written as a whole (``_pages``), or in ``_bands`` and ``_tiles``.

``_main_pages`` finds the pictures of a file, and ``_checks`` states what is refused. ``_tags``
reads and writes the metadata of a page.
"""
