"""A run whose log is a Kafka cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.kafka.connection import KafkaConnection
from streams.kafka.log import KafkaLog
from streams.kafka.snapshots import KafkaSnapshots
from streams.log import Log
from streams.snapshots import FileSnapshots, SnapshotStore
from tests.chaos.process import PARTITIONS


@dataclass(frozen=True, slots=True)
class KafkaGround:
    """A cluster; ``places`` are the data directories of its workers."""

    connection: KafkaConnection
    places: tuple[Path, ...]

    @property
    def brokers(self) -> str:
        """Every broker, as one writes it in settings."""
        return ",".join(self.connection.bootstrap)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"COBUILD_KAFKA": self.brokers, "COBUILD_KAFKA_PREFIX": self.connection.prefix}

    @property
    def stranger(self) -> Sequence[str]:
        return "tests.chaos.kafka_stranger", self.brokers, "--prefix", self.connection.prefix

    @property
    def foreigner(self) -> Sequence[str]:
        """As ``stranger``, for the system that knows nothing of ours."""
        return "tests.chaos.foreigner", self.brokers, "--prefix", self.connection.prefix

    async def open(self) -> Log:
        return await KafkaLog.open(self.connection, partitions=PARTITIONS, client_id="chaos")

    def damage(self) -> Iterator[str]:
        return iter(())

    def stores(self) -> Mapping[str, SnapshotStore]:
        local = {place.name: FileSnapshots(place / "snapshots") for place in self.places}
        return local | {"kafka": KafkaSnapshots(self.connection, partitions=PARTITIONS)}
