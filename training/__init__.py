"""Training of the look-up tables of lutsr: networks, degradation, fits, export, evaluation.

``lutsr`` does not import this package. ``training`` itself needs neither torch nor Pillow; the
modules that need them import them at their top.
"""
