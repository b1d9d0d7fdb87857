"""What every family of models shares: arguments, bands, threads, alpha, depth, outputs."""
