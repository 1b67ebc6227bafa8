"""Apache Kafka as the log: connection, topics, producer, readers, snapshots."""
