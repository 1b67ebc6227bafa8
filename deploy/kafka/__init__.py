"""A real Apache Kafka on this machine, for development and tests: its jars, its files, its processes."""
