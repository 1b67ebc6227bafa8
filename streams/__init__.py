"""Moving events: the log port, the embedded log, the shard host and the projector."""
