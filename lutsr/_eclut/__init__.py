"""ECLUT (AAAI 2024): one table of pixel pairs, expanded convolution, four rotations."""
