"""Antialiased reduction of images: filters, kernels, and their twin in plain NumPy."""
