"""The only place that knows numba's options and private names."""
