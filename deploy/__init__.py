"""Wiring and shipping: the command, settings, the all-in-one process, benchmarks."""
