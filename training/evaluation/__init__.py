"""Measure pictures: metrics, degradation, picture sets, methods to compare, plots."""
