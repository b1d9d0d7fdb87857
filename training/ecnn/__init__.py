"""Training of ECNN: small look-up layers, one behind the other."""
