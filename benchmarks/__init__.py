"""Benchmarks of speed, memory and quality. This folder is not part of the wheel.

``python -m benchmarks`` runs all measurements (about ten minutes on an otherwise idle machine)
and writes ``benchmarks/RESULTS.md`` and the README's figure. It runs these commands, which can
also be run alone:

- ``python -m benchmarks.compare``: all methods in interleaved rounds;
- ``python -m benchmarks.costs``: cold start, memory, fused tables, time per pixel by image size;
- ``python -m benchmarks.quality``: PSNR-Y and SSIM of the same calls that are timed;
- ``python -m benchmarks.published``: shipped models and other authors' tables, beside plain NumPy,
  for ``docs/published_tables.md``;
- ``pytest benchmarks --benchmark-only``: groups by scale, size, image content and threads;
- ``python -m benchmarks.report``: the report and the figure, from the saved results.

Two methods need files that are not in the repository. They are left out if these are missing:
FSRCNN needs its model file, whose path is given in the environment variable ``LUTSR_FSRCNN``.
SR-LUT, and all that ``published`` measures, need their authors' tables in ``../shared/peers``.

During development, ``pytest benchmarks --quick`` takes well under a minute. CI runs it with
``--benchmark-disable``. ``python -m benchmarks.before_after`` makes the pictures in
``docs/images``.
"""
