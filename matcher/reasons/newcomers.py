"""Entries that are not on the list, beside those that are: what would be if they were posted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from matcher.pairs.rules import Board, board_of
from matcher.reasons.solved import Solved
from matcher.round.settling import board_after
from matcher.state.calendars import Calendar
from matcher.state.columns import Ints, Rows, ragged
from matcher.state.demands import DemandFold
from matcher.state.pool import Frozen
from matcher.state.resources import ResourceFold
from schemas.demands import Demand, DemandPosted
from schemas.envelope import new_event
from schemas.resources import Resource, ResourceOffered

_NAME: Final = "preview"
_STRANGER: Final = 10**6
"""Parties that the pool does not know are numbered from here."""


def demand_rows(frozen: Frozen, demand: Demand) -> tuple[Rows, Rows]:
    """Return a demand as a row (1,), with its lines, as the fold of the list would have them.

    Raises:
        Refused: unknown_item.
    """
    fold = DemandFold(frozen.items)
    posted = DemandPosted(demand=demand)
    fold.fold(new_event(posted, id=_NAME, source=_NAME, key=frozen.shard, time=demand.posted_at))
    row = fold.table.rows.copy()
    row["requester"] = _numbers(frozen.requesters, frozen.demands["requester"], [demand.requester])
    return row, fold.lines.rows.copy()


def with_demands(
    solved: Solved, demands: Rows, lines: Rows, *, hours: Calendar, requester: str, like: int | None = None
) -> Board:
    """Return the board with ``demands`` (n,) and their ``lines`` after all others, at the moment of ``solved``.

    All of them may be done in ``hours``.

    Pairs that rest for the demand ``like`` rest for each of them: they are what it might have been.
    """
    frozen, first = solved.frozen, len(solved.frozen.demands)
    count = demands["lines"].astype(np.int64)
    rows, resting = first + np.arange(len(demands)), solved.settled.endings.resting
    longer = replace(
        frozen,
        demands=np.concatenate([frozen.demands, _asking(demands, len(frozen.hours))]),
        hours=[*frozen.hours, hours],
        demand_ids=[*frozen.demand_ids, *[_NAME] * len(demands)],
        requesters=[*frozen.requesters, *[requester] * len(demands)],
        lines=np.concatenate([frozen.lines, lines]),
        line_demand=np.concatenate([frozen.line_demand, np.repeat(rows, count)]),
        line_no=np.concatenate([frozen.line_no, ragged(np.zeros(len(demands), np.int64), count)]),
        filled=[*frozen.filled, *[0] * len(lines)],
        rests=_as_for(frozen.rests, like, rows),
        outbid=np.concatenate([frozen.outbid, _outbid(frozen, like, lines)]),
    )
    settled = solved.settled
    return board_of(
        longer,
        policy=solved.board.policy,
        now_ms=solved.board.now_ms,
        resting=_as_for(resting, like, rows),
        stays=settled.endings.stays,
        supply=settled.seats.supply,
    )


def with_resources(solved: Solved, resources: Sequence[Resource]) -> Board:
    """Return the board with ``resources`` after all others, at the moment of ``solved``.

    Raises:
        Refused: unknown_item.
    """
    frozen, fold = solved.frozen, ResourceFold(solved.frozen.items)
    for place, resource in enumerate(resources):
        named = resource.model_copy(update={"resource_id": f"{_NAME}-{place}"})
        offered = ResourceOffered(resource=named)
        fold.fold(new_event(offered, id=_NAME, source=_NAME, key=frozen.shard, time=resource.offered_at))
    rows = fold.table.rows.copy()
    rows["scope"] += len(frozen.scopes)
    rows["calendar"] += len(frozen.calendars)
    rows["admission"] += len(frozen.admissions)
    providers = [resource.provider for resource in resources]
    rows["provider"] = _numbers(frozen.providers, frozen.resources["provider"], providers)
    longer = replace(
        frozen,
        resources=np.concatenate([frozen.resources, rows]),
        resource_ids=[*frozen.resource_ids, *[_NAME] * len(rows)],
        providers=[*frozen.providers, *providers],
        scopes=[*frozen.scopes, *fold.scopes],
        calendars=[*frozen.calendars, *fold.calendars],
        admissions=[*frozen.admissions, *fold.admissions],
    )
    policy, now_ms = solved.board.policy, solved.board.now_ms
    return board_after(longer, solved.settled, policy=policy, now_ms=now_ms)


def _asking(demands: Rows, hours: int) -> Rows:
    rows = demands.copy()
    rows["hours"] = hours
    return rows


def _outbid(frozen: Frozen, like: int | None, lines: Rows) -> Ints:
    """Return since when each of ``lines`` was outbid: as the lines of ``like`` were, or never."""
    if like is None:
        return np.zeros(len(lines), np.int64)
    own = frozen.outbid[frozen.line_demand == like]
    return np.tile(own, len(lines) // len(own))


def _numbers(names: Sequence[str], numbers: Ints, parties: Sequence[str]) -> list[int]:
    """Return the number of each party: that of ``names`` which have ``numbers``, or one that nobody has."""
    known = dict(zip(names, numbers.tolist(), strict=True))
    return [known.setdefault(party, _STRANGER + place) for place, party in enumerate(parties)]


def _as_for(rests: Ints, like: int | None, rows: Ints) -> Ints:
    """Return the resting pairs, and those of demand ``like`` again for each of ``rows``."""
    if like is None:
        return rests
    own = rests[rests[:, 0] == like]
    again = np.tile(own, (len(rows), 1))
    again[:, 0] = np.repeat(rows, len(own))
    return np.concatenate([rests, again])
