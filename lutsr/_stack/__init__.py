"""The fast path of stacked one-pixel tables (ECNN): recognised in a chain, computed in vectors."""
