"""The oracle's second opinion on claims: which of them back their pair, and what a round must say of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from schemas.claims import ClaimMade, ClaimSettled
from schemas.policy import Policy
from schemas.rounds import RoundDecided
from tests.property.occasions import person
from tests.property.optimum import Pair, Place, teams_of

if TYPE_CHECKING:
    from tests.property.oracle import Book, Pool


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is said of a claim before anything is given; no outcome where it backs its pair."""

    claim: ClaimMade
    pair: Pair
    outcome: str | None
    rule: str | None

    @property
    def backs(self) -> bool:
        return self.outcome is None

    @property
    def vouches(self) -> bool:
        return self.claim.by == "provider" and self.outcome in (None, "claimed_before", "later")


def rulings(
    book: Book,
    need: Mapping[Place, int],
    supply: Mapping[str, int],
    new_noes: set[tuple[str, str]],
    now: datetime,
    policy: Policy,
) -> list[Ruling]:
    """What is said of each open claim before anything is given, in the order in which they were made.

    One is ruled on later, because what it claims serves per occasion, or whom it claims, is claimed for this round.
    """
    people = {(person(book.resources[name], policy), "seats"): seats for name, seats in supply.items()}
    left: Counter[object] = Counter({**need, **supply, **people})
    found = []
    for claim in book.claims.values():
        known = claim.demand_id in book.demands and claim.resource_id in book.resources
        if claim.claim_id in book.dropped | book.settled or not (known or claim.at + timedelta(hours=1) <= now):
            continue
        pair = (claim.demand_id, claim.line, claim.resource_id)
        said = _ruling(book, pair, need, supply, new_noes, now, policy)
        if said == (None, None):
            who = person(book.resources[pair[2]], policy)
            seats = min(left[pair[:2]], left[pair[2]], left[who, "seats"] if who != pair[2] else left[pair[2]])
            again = book.resources[pair[2]].per_occasion or left[pair[2]]
            if left[pair[:2]] and not seats and again:
                said = ("later", None)
            elif not seats:
                said = ("claimed_before", None)
            left.subtract({pair[:2]: seats, pair[2]: seats, (who, "seats"): seats})
        found.append(Ruling(claim, pair, *said))
    return found


def _ruling(
    book: Book,
    pair: Pair,
    need: Mapping[Place, int],
    supply: Mapping[str, int],
    new_noes: set[tuple[str, str]],
    now: datetime,
    policy: Policy,
) -> tuple[str | None, str | None]:
    demand = book.demands.get(pair[0])
    if demand is None or pair[1] >= len(demand.lines) or pair[2] not in book.resources:
        return "gone", None
    if pair[0] in book.demands_gone or pair[2] in book.resources_gone:
        return "gone", None
    over = book.lapsed.get(pair[0], 0) >= book.versions[pair[0]] or demand.lapses_at <= now
    if pair[:2] not in need:
        return ("gone" if over else "filled"), None
    barred = (pair[0], pair[2]) in new_noes
    rule = book.first_failing(pair, supply, now, policy)
    if rule in (None, "worth"):
        rule = "barred" if barred else None
    return ("not_allowed" if rule else None), rule


def settling(book: Book, decided: RoundDecided, pool: Pool) -> list[ClaimSettled]:
    """Return what a round that gave these proposals must say of the claims."""
    given = {(p.demand_id, p.line, p.resource_id) for p in decided.proposals}
    staffed = {(p.demand_id, p.line) for p in decided.proposals}
    told = []
    for ruled in pool.rulings:
        if ruled.pair[:2] in pool.waiting or (ruled.outcome == "later" and ruled.pair not in given):
            continue
        teams = teams_of(book.demands[ruled.pair[0]]) if ruled.backs else []
        team = next((team for team in teams if ruled.pair[:2] in team), ())
        outcome, rule = ruled.outcome or "outbid", ruled.rule
        if ruled.pair in given:
            outcome = "honoured"
        elif ruled.backs and ruled.pair not in pool.allowed:
            outcome, rule = "not_allowed", "worth"
        elif team and not staffed & set(team):
            outcome = "incomplete"
        picked = ruled.claim.model_dump(exclude={"shard", "at"})
        told.append(ClaimSettled(**picked, outcome=outcome, rule=rule))
    return told
