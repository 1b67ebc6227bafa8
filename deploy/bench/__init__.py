"""Benchmarks: our figure beside a peer's, in the same run, as a ratio; each also writes a JSON file."""
