"""Backtests 回测: a recorded history decided anew by other policies, and what would have become of everybody."""
