"""The worker on Kafka: Faust brings the records of the partitions that the group gives it, the engine does the rest."""
