"""Benchmarks of speed, memory and quality. This folder is not part of the wheel.

``python -m benchmarks`` runs all measurements and writes ``benchmarks/RESULTS.md``, and the tables
and the figure of the README. ``python -m benchmarks NAME ...`` runs some of them, and ``--missing``
those without results; the report says what is not measured. These commands can also be run alone:

- ``python -m benchmarks.compare``: all methods in interleaved rounds; with ``--cpu NAME``
  again, with code for another processor;
- ``python -m benchmarks.costs``: cold start, memory, tables, time by image size and by depth,
  video, or the parts that are named;
- ``python -m benchmarks.batch``: folders of photographs by the command, with one and two workers;
- ``python -m benchmarks.quality``: PSNR-Y, CPSNR and SSIM of the same calls that are timed;
- ``python -m benchmarks.resize_quality``: PSNR-Y of `lutsr.resize` at scales that no model has;
- ``python -m benchmarks.published``: shipped models and other authors' tables, beside plain NumPy,
  for ``docs/published_tables.md``;
- ``python -m benchmarks.groups``: the groups of ``pytest benchmarks --benchmark-only``, by scale,
  size, image content and threads;
- ``python -m benchmarks.report``: the report, the README's tables and the figure, from the saved
  results.

Some methods need files that are not in the repository. They are left out if these are missing, and
the report says why: FSRCNN needs its model file, whose path is given in the environment variable
``LUTSR_FSRCNN``; SR-LUT, MuLUT, TinyLUT and ShiftLUT need their authors' tables in
``../shared/peers``.

During development, ``pytest benchmarks --quick`` takes well under a minute. CI runs it with
``--benchmark-disable``. ``python -m benchmarks.before_after`` makes the pictures in
``docs/images``.
"""
