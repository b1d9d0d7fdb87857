"""Training of ECNN: a stack of small look-up layers."""
