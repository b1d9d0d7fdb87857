"""Measuring methods: pictures, degradation, metrics, methods to compare, plots."""
