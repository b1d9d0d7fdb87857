"""Speed, quality and pictures, measured and made by scripts. Nothing here is part of the wheel.

``python -m benchmarks`` measures everything (some eight minutes, in which the machine should do
nothing else) and writes ``benchmarks/RESULTS.md`` and the figure. It runs these, which also run on
their own:

- ``pytest benchmarks --benchmark-only``: groups by scale, size, kind of image and workers;
- ``python -m benchmarks.compare``: the rivals in interleaved rounds, which the targets judge;
- ``python -m benchmarks.costs``: cold start, memory, fused tables, time per pixel by size;
- ``python -m benchmarks.quality``: PSNR-Y through the very calls that are timed;
- ``python -m benchmarks.report``: tables and figure from what the others saved.

Two rivals need files that are not part of the repository, and stay out where those are missing:
FSRCNN its model file, whose path the environment variable ``LUTSR_FSRCNN`` gives, and SR-LUT its
authors' tables in ``../shared/peers/sr-lut``.

For a developer: ``pytest benchmarks --quick`` takes well under a minute, and CI runs it with
``--benchmark-disable``. ``python -m benchmarks.before_after`` makes the pictures in
``docs/images``.
"""
