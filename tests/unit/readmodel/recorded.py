"""A land of several shards whose log is kept, as the read model meets it."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from api.readmodel.model import ReadModel
from matcher.round.publication import events_of
from matcher.state.fold import Fold
from schemas.base import Fact
from schemas.envelope import Event
from schemas.policy import Policy
from schemas.rounds import RoundDecided
from tests.builders import NOON, SMALL_CATALOGUE
from tests.land import LEVELS, Land
from tests.unit.readmodel.story import Located
from tests.unit.readmodel.world import fill


class RecordedLand(Land):
    """See ``tests.land``; ``log`` holds every event by topic and partition, one partition a shard."""

    def __init__(self, *facts: Fact, policy: Policy = LEVELS) -> None:
        self.log: dict[tuple[str, int], list[Event[Any]]] = defaultdict(list)
        self._partitions: dict[str, int] = {}
        super().__init__(*facts, policy=policy)

    def fold(self, told: Event[Fact], shard: str) -> Fold:
        self._lay(told, shard)
        return super().fold(told, shard)

    def round(self, shard: str, now: datetime = NOON) -> RoundDecided:
        decided = super().round(shard, now)
        for event in events_of(decided):
            self._lay(event, shard)
        return decided

    def _lay(self, event: Event[Any], shard: str) -> None:
        partition = self._partitions.setdefault(shard, len(self._partitions))
        self.log[event.topic.name, partition].append(event)

    def located(self) -> list[Located]:
        """Every event with its place, topic after topic."""
        return [((*place, offset), event) for place, events in self.log.items() for offset, event in enumerate(events)]

    def model(self) -> ReadModel:
        """Return the lists filled from the log."""
        model = ReadModel("sqlite://", catalogue=SMALL_CATALOGUE)
        fill(model, [self.located()])
        return model
