"""Which partition a key belongs to: the choice of Kafka's default partitioner."""

from functools import lru_cache

from kafka.partitioner.default import murmur2


@lru_cache(maxsize=65536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return ``murmur2(key)``, without its sign bit, modulo ``partitions``.

    Cached because the hash is plain Python and a log has few keys: one per shard.
    """
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
