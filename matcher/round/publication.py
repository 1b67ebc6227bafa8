"""From a round that counts to what follows: assignments for the world to read, transfers for other shards.

Ids are functions of the round, so publishing again after a crash publishes the same facts.
"""

from collections.abc import Iterator
from typing import Any, Final

from schemas.assignments import (
    AssignmentConfirmed,
    AssignmentExpired,
    AssignmentFulfilled,
    AssignmentProposed,
    AssignmentRevoked,
)
from schemas.base import Fact
from schemas.envelope import Event, new_event
from schemas.rounds import RoundDecided
from schemas.transfers import (
    Asked,
    Carried,
    DemandCarried,
    DemandEscalated,
    Escalated,
    HoldAsked,
    Passed,
    ResourceShown,
    Returned,
    SeatReturned,
    Shown,
    Transfer,
)

SOURCE: Final = "cobuild/matcher"
_ENDING: Final[dict[str, type[AssignmentConfirmed | AssignmentRevoked | AssignmentExpired | AssignmentFulfilled]]] = {
    "confirmed": AssignmentConfirmed,
    "revoked": AssignmentRevoked,
    "expired": AssignmentExpired,
    "fulfilled": AssignmentFulfilled,
}
_TRANSFER: Final[dict[type[Fact], type[Transfer]]] = {
    Shown: ResourceShown,
    Carried: DemandCarried,
    Escalated: DemandEscalated,
    Asked: HoldAsked,
    Returned: SeatReturned,
}


def _transfer(decided: RoundDecided, number: int, passed: Passed) -> Transfer:
    said: dict[str, Any] = {
        "shard": decided.shard,
        "round_no": decided.round_no,
        "number": number,
        "at": decided.decided_at,
        "passed": passed,
    }
    return _TRANSFER[type(passed)].model_construct(**said)


def transfers_of(decided: RoundDecided) -> list[Event[Fact]]:
    """Return what a round lets go, each keyed by the shard that it goes to."""
    return [
        new_event(
            _transfer(decided, number, each),
            id=f"{decided.shard}-{decided.round_no}-{number}",
            source=SOURCE,
            key=each.to,
            time=decided.decided_at,
        )
        for number, each in enumerate(decided.transfers.every() if decided.transfers else ())
    ]


def events_of(decided: RoundDecided) -> list[Event[Fact]]:
    """Return the assignment events of a round: first what ended, then what is new."""
    return [
        new_event(data, id=f"{key}-{word}", source=SOURCE, key=decided.shard, time=decided.decided_at)
        for key, word, data in [*_ended(decided), *_begun(decided)]
    ]


def _ended(decided: RoundDecided) -> Iterator[tuple[str, str, Fact]]:
    for transition in decided.transitions:
        ending: dict[str, Any] = {
            "shard": decided.shard,
            "round_no": decided.round_no,
            "at": decided.decided_at,
            "assignment_id": transition.assignment_id,
            "demand_id": transition.demand_id,
            "resource_id": transition.resource_id,
            "reason": transition.reason,
        }
        yield transition.assignment_id, transition.to, _ENDING[transition.to].model_construct(**ending)


def _begun(decided: RoundDecided) -> Iterator[tuple[str, str, Fact]]:
    round_no, at = decided.round_no, decided.decided_at
    for proposal in decided.proposals:
        proposed = AssignmentProposed.model_construct(
            shard=decided.shard, round_no=round_no, at=at, assignment=proposal
        )
        yield proposal.assignment_id, "proposed", proposed
        if proposal.auto_accepted:
            confirmed = AssignmentConfirmed.model_construct(
                shard=decided.shard,
                round_no=round_no,
                at=at,
                assignment_id=proposal.assignment_id,
                demand_id=proposal.demand_id,
                resource_id=proposal.resource_id,
                reason="auto_accepted",
            )
            yield proposal.assignment_id, "confirmed", confirmed
