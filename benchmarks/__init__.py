"""Speed and pictures, measured and made by scripts. Nothing here is part of the wheel.

``pytest benchmarks --benchmark-only`` times lutsr beside its rivals;
``pytest benchmarks --benchmark-disable`` runs the same code once on a small image;
``python -m benchmarks.before_after`` makes the pictures in ``docs/images``.
"""
