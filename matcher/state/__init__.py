"""What a shard knows: folds of the topics, snapshots of them, and the pool that a round works on."""
