"""Training of the family eclut: the network route and the fit of its table."""
