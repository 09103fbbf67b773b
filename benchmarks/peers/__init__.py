"""Outside models on our folds: their environment, their cached predictions, the comparison.

`benchmarks/peer_environment.py` makes the environment, `benchmarks/run_peers.py` fills the cache,
`benchmarks/peer_table.py` makes the table from it.
"""
