"""What becomes of live assignments in a round, before anything new is proposed.

1. A decline or a no-show ends it, whatever else was said: a "no" is kept.
2. Otherwise a report of done fulfils it.
3. Otherwise it is revoked where a side is gone, or changed so that the pair is no longer allowed or
   its entry has no room for it any more.
4. Otherwise an acceptance confirms it; and no answer in time lets it expire.
5. A proposal that nobody has answered gives way to an order of the same pair, which is to hold its seat.
6. What would live on is revoked where its team is not whole any more (``teams``).
7. Of more endings than fit into one record, the next round says the rest; a team ends in one record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.pairs.rules import line_rows, still_allowed
from matcher.pairs.teams import ALONE, broken, team_of
from matcher.round.room import beyond_room
from matcher.state.columns import Bools, Ints, Rows
from matcher.state.fold import OPEN, WITHDRAWN, from_ms
from matcher.state.pool import Frozen
from matcher.state.responses import ACCEPTED, DECLINED, DONE, NO_SHOW
from matcher.state.rounds import CONFIRMED, PROPOSED
from schemas.policy import Policy
from schemas.rounds import Outcome, Reason, Transition

Word = tuple[Outcome, Reason]
"""Where an assignment goes, and why."""

MOST: Final = 6_000
"""Endings of one round, so that its record fits into one message of the log."""

_ENDED: Final = ("revoked", "expired", "fulfilled")
"""States that no assignment comes back from."""

RESTS: Final = frozenset({"declined", "no_show", "no_answer"})
"""After these the pair rests."""


@dataclass(frozen=True, slots=True)
class Endings:
    """What a round does to the live assignments.

    ``transitions`` are in order of assignment id. ``stays`` (live,) says which assignments live on.
    ``resting`` (n, 2) are the pairs (demand row, resource row) that rest from now on, even where only the next
    round will say so. ``fulfilled`` and ``used_up`` (live,) mark which of the ended filled their demand seat, and
    used their resource seat up. ``left_out`` counts those that must wait for the next round.
    """

    transitions: tuple[Transition, ...]
    stays: Bools
    resting: Ints
    fulfilled: Bools
    used_up: Bools
    left_out: int


def endings(frozen: Frozen, *, now_ms: int, policy: Policy) -> Endings:
    """Return what this round does to the live assignments of ``frozen``."""
    live = frozen.live
    words = _words(frozen, now_ms=now_ms, policy=policy)
    spoken = sorted(words.items())
    said = spoken if len(spoken) <= MOST else _that_fit(frozen, spoken)
    stays, fulfilled = ~_marked(len(live), dict(said), *_ENDED), _marked(len(live), dict(said), "fulfilled")
    used_up = fulfilled & ~frozen.resources["renewable"][live["resource"]]
    pause_until = from_ms(now_ms + policy.rules.expiry_pause_hours * 3_600_000)
    return Endings(
        transitions=tuple(
            Transition.model_construct(
                assignment_id=frozen.live_ids[row],
                demand_id=frozen.demand_ids[live["demand"][row]],
                resource_id=frozen.resource_ids[live["resource"][row]],
                to=to,
                reason=reason,
                barred_until=pause_until if reason == "no_answer" else None,
                used_up=bool(used_up[row]),
            )
            for row, (to, reason) in said
        ),
        stays=stays,
        resting=np.array(
            [(live["demand"][row], live["resource"][row]) for row, (_, reason) in spoken if reason in RESTS], np.int64
        ).reshape(-1, 2),
        fulfilled=fulfilled,
        used_up=used_up,
        left_out=len(spoken) - len(said),
    )


def _that_fit(frozen: Frozen, spoken: list[tuple[int, Word]]) -> list[tuple[int, Word]]:
    """Return the first ``MOST`` of the words or a few less, so that those of one team stay together."""
    team, line = team_of(frozen), line_rows(frozen)
    there = frozen.live["line"] < frozen.demands["lines"][frozen.live["demand"]]
    units: dict[int, list[tuple[int, Word]]] = {}
    for row, word in spoken:
        of_team = int(team[line[row]]) if there[row] else ALONE
        units.setdefault(-1 - row if of_team == ALONE else of_team, []).append((row, word))
    chosen: list[tuple[int, Word]] = []
    for unit in units.values():
        if len(chosen) + len(unit) > MOST:
            break
        chosen += unit
    return sorted(chosen)


def _words(frozen: Frozen, *, now_ms: int, policy: Policy) -> dict[int, Word]:
    """Return, by row, the words for live assignments; those without one stay as they are."""
    live, said, allowed = frozen.live, frozen.said, still_allowed(frozen, policy=policy)
    words: dict[int, Word] = {}
    for row in _stirred(frozen, allowed, now_ms=now_ms).tolist():
        word = _word(frozen, live[row], said[row], allowed=bool(allowed[row]), now_ms=now_ms)
        if word is not None:
            words[row] = word
    words |= dict.fromkeys(_giving_way(frozen, words), ("revoked", "ordered"))
    fulfilled = _marked(len(live), words, "fulfilled")
    for row in beyond_room(
        frozen,
        stays=~_marked(len(live), words, *_ENDED),
        firm=(live["state"] == CONFIRMED) | _marked(len(live), words, "confirmed"),
        fulfilled=fulfilled,
        used_up=fulfilled & ~frozen.resources["renewable"][live["resource"]],
    ).tolist():
        words[row] = "revoked", "no_longer_allowed"
    for row in broken(frozen, stays=~_marked(len(live), words, *_ENDED), fulfilled=fulfilled).tolist():
        words[row] = "revoked", "team_broken"
    return words


def _giving_way(frozen: Frozen, words: Mapping[int, Word]) -> list[int]:
    """Return the proposals that open orders take the place of: unanswered ones of their pairs, that no order holds."""
    orders = [each for each in frozen.claims if each.known and each.claim.quantity and each.demand >= 0]
    if not orders:
        return []
    live, team, line, found = frozen.live, team_of(frozen), line_rows(frozen), list[int]()
    waiting: dict[tuple[int, int, int], list[int]] = {}
    for row in np.flatnonzero(live["state"] == PROPOSED).tolist():
        held = live[row]
        there = held["line"] < frozen.demands["lines"][held["demand"]] and not frozen.demands["guest"][held["demand"]]
        answered = row in words or frozen.said[row] or frozen.live_ids[row] in frozen.ordered
        if there and not answered and team[line[row]] == ALONE:
            waiting.setdefault((int(held["demand"]), int(held["line"]), int(held["resource"])), []).append(row)
    for order in orders:
        pair = order.demand, order.claim.line, order.resource
        rows = waiting.get(pair, [])
        found += rows[: order.claim.quantity]
        waiting[pair] = rows[order.claim.quantity :]
    return found


def _stirred(frozen: Frozen, allowed: Bools, *, now_ms: int) -> Ints:
    """Return the assignments for which there may be a word; most of a large district's have none in most rounds."""
    live, said = frozen.live, np.array(frozen.said, np.int64)
    open_question = live["state"] == PROPOSED
    gone = (frozen.resources["status"][live["resource"]] == WITHDRAWN) | (
        frozen.demands["status"][live["demand"]] != OPEN
    )
    answered = ((said & ~ACCEPTED) != 0) | (open_question & (said != 0))
    return np.flatnonzero(answered | gone | ~allowed | (open_question & (live["answer_by"] <= now_ms)))


def _marked(live: int, words: dict[int, Word], *to: str) -> Bools:
    """Return for which assignments a word leads to one of these states; shape (live,)."""
    marked = np.zeros(live, bool)
    marked[[row for row, word in words.items() if word[0] in to]] = True
    return marked


def _word(frozen: Frozen, held: Rows, said: int, *, allowed: bool, now_ms: int) -> Word | None:  # noqa: PLR0911 - the rules above, in their order
    if said & DECLINED:
        return "revoked", "declined"
    if said & NO_SHOW:
        return "revoked", "no_show"
    if said & DONE:
        return "fulfilled", "done"
    if frozen.resources["status"][held["resource"]] == WITHDRAWN:
        return "revoked", "resource_gone"
    if frozen.demands["status"][held["demand"]] != OPEN:
        return "revoked", "demand_gone"
    if not allowed:
        return "revoked", "no_longer_allowed"
    if said & ACCEPTED and held["state"] == PROPOSED:
        return "confirmed", "accepted"
    if held["state"] != CONFIRMED and held["answer_by"] <= now_ms:
        return "expired", "no_answer"
    return None
