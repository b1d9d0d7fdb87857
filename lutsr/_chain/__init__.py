"""The family of chains: lists of look-up layers on integer maps."""
