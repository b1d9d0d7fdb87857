"""Fit the table of eclut directly, by conjugate gradients."""
