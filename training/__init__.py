"""Training of look-up tables for lutsr: network, degradation, fit, export, evaluation.

Nothing in the ``lutsr`` package imports this one. Importing ``training`` itself needs
neither torch nor Pillow; the modules that do need them import them at their top.
"""
