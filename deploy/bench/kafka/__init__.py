"""``cobuild bench kafka``: what Kafka, kafka-python and Faust can do by themselves, and what we make of it."""
