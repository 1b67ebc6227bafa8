"""The state of one shard: five folds, each reading one topic in order.

Folds commute: how the topics interleave cannot change the state. Each remembers the next offset of its
topic, so that reading a stretch of the log again changes nothing.
"""

from collections.abc import Callable
from functools import lru_cache

from matcher.state.demands import DemandFold
from matcher.state.fold import Fold
from matcher.state.items import ItemIndex
from matcher.state.resources import ResourceFold
from matcher.state.responses import ResponseFold
from matcher.state.rounds import RoundFold
from matcher.state.seatbook import SeatBook
from matcher.state.transfers import TransferFold
from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.envelope import Event
from schemas.rounds import RoundDecided
from schemas.topics import DEMANDS, RESOURCES, RESPONSES, ROUNDS, TRANSFERS


@lru_cache(maxsize=8)
def _index(catalogue: Catalogue) -> ItemIndex:
    return ItemIndex(catalogue)


class ShardState:
    """What a shard knows after the events folded so far."""

    def __init__(self, shard: str, catalogue: Catalogue) -> None:
        self.shard = shard
        self.items = _index(catalogue)
        self.offsets: dict[str, int] = {}
        self.resources = ResourceFold(self.items)
        self.demands = DemandFold(self.items)
        self.responses = ResponseFold()
        self.seats = SeatBook(self.demands)
        self.transfers = TransferFold(shard, demands=self.demands, resources=self.resources, seats=self.seats)
        self.rounds = RoundFold(demands=self.demands, resources=self.resources, seats=self.seats)
        self._folds: dict[str, Callable[[Event[Fact]], Fold]] = {
            DEMANDS.name: self.demands.fold,
            RESOURCES.name: self.resources.fold,
            RESPONSES.name: self.responses.fold,
            TRANSFERS.name: self.transfers.fold,
        }

    @property
    def round_no(self) -> int:
        """The number of the last round that counted; 0 before the first."""
        return self.rounds.round_no

    @property
    def round_at_ms(self) -> int:
        """When the last round was decided, in ms since 1970; 0 before the first."""
        return self.rounds.round_at_ms

    def fold(self, event: Event[Fact], *, topic: str, offset: int) -> Fold:
        """Apply the event that lies at ``offset`` of ``topic`` (of the shard's one partition).

        Raises:
            Refused: the event cannot be; nothing changed but the offset.
            StateBrokenError: a round that cannot follow this state.
        """
        if offset < self.offsets.get(topic, 0):
            return Fold.SEEN
        self.offsets[topic] = offset + 1
        if topic in self._folds:
            return self._folds[topic](event)
        if topic == ROUNDS.name and isinstance(event.data, RoundDecided):
            fold = self.rounds.fold(event.data)
            if fold is Fold.APPLIED:
                self.responses.settle(claim.claim_id for claim in event.data.claims)
            return fold
        return Fold.ASIDE
