"""A second opinion on the matcher: the rules once more, in plain Python loops over the facts themselves.

Slow and simple on purpose; nothing here comes from ``matcher``. Times stay datetimes, seats stay sets, and the
best assignment of a small pool is found by trying every choice of every seat. A book is told the facts (``ledger``),
knows the rules (``rules``) and what ends (``endings``), and says here what a round has to decide on.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, chain

from schemas.claims import ClaimMade
from schemas.demands import Urgency
from schemas.policy import Policy
from schemas.rounds import RoundDecided
from tests.property import claiming
from tests.property.endings import Endings
from tests.property.ledger import BEGINNING, EVER, Word
from tests.property.occasions import Seats, person
from tests.property.optimum import Pair, Place, Team, best_total, teams_of


@dataclass(frozen=True, slots=True)
class Worth:
    """What a pair is worth, by term, and when its job would start."""

    terms: dict[str, int]
    starts_at: datetime

    @property
    def total(self) -> int:
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True)
class Pool:
    """What a round has to decide on: open seats of both sides, and all pairs worth something.

    Where the round cannot take on all lines, those ``waiting`` for the next have no pairs in this one. Each of the
    ``teams`` can meet at some moments, each with the pairs that can start then; one that never can has no pairs,
    but is ``allowed`` them each by itself. ``whose`` names the person who gives what is offered, by entry.
    """

    need: dict[Place, int]
    supply: dict[str, int]
    pairs: dict[Pair, Worth]
    waiting: set[Place] = field(default_factory=set)
    teams: dict[Team, list[set[Pair]]] = field(default_factory=dict)
    rulings: list[claiming.Ruling] = field(default_factory=list)
    allowed: set[Pair] = field(default_factory=set)
    whose: dict[str, str] = field(default_factory=dict)

    def optimum(self) -> int:
        """Return the most that can be had, by trying for every open demand seat every resource and none."""
        worth = {pair: worth.total for pair, worth in self.pairs.items()}
        return best_total(self.need, self.supply, worth, teams=self.teams, whose=self.whose)

    def in_team(self, place: Place) -> bool:
        """Whether the line is of a team that could meet."""
        return any(place in team for team in self.teams)


class Book(Endings):
    """All that was told, and what a round must make of it."""

    def pool(self, now: datetime, policy: Policy) -> Pool:
        """Return the pool of a round at ``now``, after its endings."""
        words = self.endings(now, policy)
        over = {name for name, (to, _) in words.items() if to != "confirmed"}
        need, supply, noes = self._need(words, over, now), self._supply(words, policy), self._new_noes(words)
        rulings = claiming.rulings(self, need, supply, noes, now, policy)
        backed = {ruled.pair for ruled in rulings if ruled.backs}
        every = dict(self._pairs(need, supply, words, now, policy, backed))
        teams = self._teams(every, need=need, supply=supply, words=words, now=now, policy=policy)
        pairs = {
            pair: worth
            for pair, worth in every.items()
            if not any(pair[:2] in team for team in self._asking_teams(need))
            or any(pair in able for team in teams.values() for able in team)
        }
        asking = {place: seats for place, seats in need.items() if asks(place, pairs)}
        giving = sum(supply[resource] for resource in {pair[2] for pair in pairs})
        waiting = self._waiting(asking, policy) if giving > policy.pace.most_seats else set()
        taken_on = {pair: worth for pair, worth in pairs.items() if pair[:2] not in waiting}
        meeting = {team: able for team, able in teams.items() if not waiting & set(team)}
        return Pool(need, supply, taken_on, waiting, meeting, rulings, set(every), self._whose(supply, policy))

    def _whose(self, names: Collection[str], policy: Policy) -> dict[str, str]:
        """Return the person who gives what each of these entries offers."""
        return {name: person(self.resources[name], policy) for name in names}

    def _asking_teams(self, need: Mapping[Place, int]) -> list[Team]:
        """Return the teams with open seats."""
        every = chain.from_iterable(teams_of(demand) for _, demand in sorted(self.demands.items()))
        return [team for team in every if team[0] in need]

    def _teams(
        self,
        pairs: Mapping[Pair, Worth],
        *,
        need: Mapping[Place, int],
        supply: Mapping[str, int],
        words: Mapping[str, Word],
        now: datetime,
        policy: Policy,
    ) -> dict[Team, list[set[Pair]]]:
        """Return, for each team that could meet, the pairs that can start at one moment or another.

        Looked at are all moments at which something begins or ends to be possible.
        """
        found: dict[Team, list[set[Pair]]] = {}
        whose = self._whose(supply, policy)
        for team in self._asking_teams(need):
            mine = [pair for pair in pairs if pair[:2] in team]
            for moment in sorted(self._turning_points(mine, words, now, policy)):
                able = {pair for pair in mine if self.can_start(pair[0], pair[2], moment, words, now, policy)}
                asked = {place: need[place] for place in team}
                worth = {pair: pairs[pair].total for pair in able}
                if able in found.get(team, []):
                    continue
                if best_total(asked, supply, worth, teams={team: [able]}, whose=whose):
                    found.setdefault(team, []).append(able)
        return found

    def _waiting(self, asking: Mapping[Place, int], policy: Policy) -> set[Place]:
        """Return the lines that have to wait because others ask for as many seats as one round takes on.

        Asked only where more than that could be given.
        Whistles and emergencies go first; the turn of the others moves on by as many lines with every round.
        """
        most = policy.pace.most_seats
        if sum(asking.values()) <= most:
            return set()
        first = self.rounds * most
        units: dict[Place, Team] = {place: (place,) for place in sorted(asking)}
        for team in self._asking_teams(asking):
            units = {place: unit for place, unit in units.items() if place not in team[1:]} | {team[0]: team}
        in_turn = sorted(enumerate(sorted(units)), key=lambda unit: (unit[0] - first) % len(units))
        pressing = [p for _, p in in_turn if self.demands[p[0]].urgency in (Urgency.WHISTLE, Urgency.EMERGENCY)]
        order = [units[place] for place in pressing + [place for _, place in in_turn if place not in pressing]]
        seats = list(accumulate(sum(asking[place] for place in unit) for unit in order))
        late = [unit for unit, upto in zip(order[1:], seats[1:], strict=True) if upto > most]
        return set(chain.from_iterable(late))

    def _pairs(
        self,
        need: Mapping[Place, int],
        supply: Mapping[str, int],
        words: Mapping[str, Word],
        now: datetime,
        policy: Policy,
        backed: set[Pair],
    ) -> Iterator[tuple[Pair, Worth]]:
        new_noes = self._new_noes(words)
        for demand_id, number in need:
            for resource_id in supply:
                pair = (demand_id, number, resource_id)
                if (demand_id, resource_id) in new_noes or self.barred.get((demand_id, resource_id), BEGINNING) > now:
                    continue
                if not self._suits(pair, policy):
                    continue
                starts_at = self._start(demand_id, resource_id, now, policy, self.seats(resource_id, words, policy))
                if starts_at is None:
                    continue
                bonus = {"claim": policy.claim.bonus if pair in backed else 0}
                worth = Worth(self._terms(pair, now, policy) | bonus, starts_at)
                if worth.total > 0:
                    yield pair, worth

    def _new_noes(self, words: Mapping[str, Word]) -> set[tuple[str, str]]:
        """Pairs that rest from this round on."""
        return {
            (self.live[name].proposal.demand_id, self.live[name].proposal.resource_id)
            for name, (_, reason) in words.items()
            if reason in ("declined", "no_show", "no_answer")
        }

    # -- what is open, and by which rule a pair is not --------------------------------------------------------

    def _open_lines(self, words: Mapping[str, Word], over: set[str]) -> dict[Place, int]:
        """Seats without anybody, on the lines of demands that are still on the list."""
        need: dict[Place, int] = {}
        for name, demand in self.demands.items():
            if name in self.demands_gone or self.lapsed.get(name, 0) >= self.versions[name]:
                continue
            met = {place for team in teams_of(demand) if self._has_met(team, words) for place in team}
            for number, asked in enumerate(demand.lines):
                place = (name, number)
                if place in met:
                    continue
                taken = self.filled.get(place, 0) + sum(
                    (promise.proposal.demand_id, promise.proposal.line) == place
                    and (assignment not in over or words[assignment][0] == "fulfilled")
                    for assignment, promise in self.live.items()
                )
                if asked.quantity > taken:
                    need[place] = asked.quantity - taken
        return need

    def _need(self, words: Mapping[str, Word], over: set[str], now: datetime) -> dict[Place, int]:
        return {
            place: seats
            for place, seats in self._open_lines(words, over).items()
            if self.demands[place[0]].lapses_at > now
        }

    def _supply(self, words: Mapping[str, Word], policy: Policy) -> dict[str, int]:
        there = self.resources.keys() - self.resting - self.resources_gone
        supply = {name: self.seats(name, words, policy).open(self.resources[name]) for name in sorted(there)}
        return {name: seats for name, seats in supply.items() if seats > 0}

    def first_failing(self, pair: Pair, supply: Collection[str], now: datetime, policy: Policy) -> str | None:
        """Return the first rule by which a pair is not allowed, or None; only for a pool without new answers."""
        resource = self.resources[pair[2]]
        patient = self.resources | {pair[2]: resource.model_copy(update={"notice_minutes": 0})}
        at_any_time = Book(self.catalogue, resources=patient, demands=self.demands)
        calm = policy.model_copy(update={"rules": policy.rules.model_copy(update={"booking_minutes": 0})})
        seats = self.seats(pair[2], self.endings(now, policy), policy)
        alone, placed = (at_any_time._start(pair[0], pair[2], now, calm, held) is not None for held in (Seats(), seats))
        holds = {
            "item": self._item(pair, policy),
            "scope": self._scope(pair),
            "gate": self._gate(pair, policy),
            **self._own_gates(pair),
            "seats": pair[2] in supply and (placed or not alone),
            "window": alone,
            "notice": self._start(pair[0], pair[2], now, policy, seats) is not None,
            "barred": self.barred.get((pair[0], pair[2]), BEGINNING) <= now,
            "worth": sum(self._terms(pair, now, policy).values()) > 0,
        }
        return next((rule for rule, fine in holds.items() if not fine), None)

    # -- what must be said of the rest ----------------------------------------------------------------------

    def lapsing(self, now: datetime, policy: Policy) -> dict[str, int]:
        """Return the demands whose open seats must lapse at ``now``, with their versions."""
        words = self.endings(now, policy)
        over = {name for name, (to, _) in words.items() if to != "confirmed"}
        late = {place[0] for place in self._open_lines(words, over) if self.demands[place[0]].lapses_at <= now}
        return {demand: self.versions[demand] for demand in late}

    def alarm(self, decided_at: datetime) -> datetime | None:
        """Return when, after the round of ``decided_at``, time alone makes another one due; None for never."""
        if self.left_out:
            return decided_at + timedelta(milliseconds=1)
        open_now = {name for name, _ in self._open_lines({}, set())}
        due = [self.demands[name].lapses_at for name in open_now]
        due += [p.proposal.answer_by for p in self.live.values() if p.proposal.answer_by and not p.confirmed]
        due += [until for (name, _), until in self.barred.items() if decided_at < until < EVER and name in open_now]
        due += [claim.at + timedelta(hours=1) for claim in self.claims.values() if self._is_waiting(claim)]
        return min(due, default=None)

    def _is_waiting(self, claim: ClaimMade) -> bool:
        known = claim.demand_id in self.demands and claim.resource_id in self.resources
        return not known and claim.claim_id not in self.dropped | self.settled

    def losing(self, decided: RoundDecided, pool: Pool) -> set[Place]:
        """Return the lines whose clock of regret a round that gave these proposals must start."""
        given = Counter((p.demand_id, p.line, pool.whose[p.resource_id]) for p in decided.proposals)
        of_line = Counter((p.demand_id, p.line) for p in decided.proposals)
        of_person = Counter(pool.whose[p.resource_id] for p in decided.proposals)
        confirmed = [self.live[m.assignment_id] for m in decided.transitions if m.to in ("confirmed", "fulfilled")]
        ended = {(p.proposal.demand_id, p.proposal.line) for p in confirmed}
        ended |= {(p.demand_id, p.line) for p in decided.proposals if p.auto_accepted}
        return {
            pair[:2]
            for pair in pool.pairs
            if of_line[pair[:2]] < pool.need[pair[:2]]
            and of_person[pool.whose[pair[2]]] > given[*pair[:2], pool.whose[pair[2]]]
            and (pair[:2] not in self.outbid or pair[:2] in ended)
        }


def asks(place: Place, pairs: Mapping[Pair, Worth]) -> bool:
    """Whether the line has a pair."""
    return any(pair[:2] == place for pair in pairs)


def proven(decided: RoundDecided, pool: Pool) -> str | None:
    """Return what is wrong with a round's proof of optimality, from its own prices and the pool alone; or None.

    The proof: what was given equals the prices of all seats, and no pair is worth more than its two prices. Of teams
    the prices say nothing: the seats they hold are out of the question.
    """
    own = [proposal for proposal in decided.proposals if not pool.in_team((proposal.demand_id, proposal.line))]
    held = Counter(pool.whose[p.resource_id] for p in decided.proposals if pool.in_team((p.demand_id, p.line)))
    of_line = {(price.demand_id, price.line): price.price for price in decided.line_prices}
    of_resource = {price.resource_id: price.price for price in decided.resource_prices}
    if any(price < 0 for price in chain(of_line.values(), of_resource.values())):
        return "a price is negative"
    value = sum(proposal.value for proposal in own)
    paid = sum(price * pool.need[place] for place, price in of_line.items())
    asked = sorted({(pool.whose[name], price) for name, price in of_resource.items()})
    if len({who for who, _ in asked}) < len(asked):
        return "two entries of one person have different prices"
    seats = {pool.whose[name]: count for name, count in sorted(pool.supply.items())}
    paid += sum(price * (seats[who] - held[who]) for who, price in asked)
    if value != paid:
        return f"the pairs are worth {value}, the seats cost {paid}"
    for (demand, number, resource), worth in pool.pairs.items():
        if pool.in_team((demand, number)):
            continue
        if worth.total > of_line.get((demand, number), 0) + of_resource.get(resource, 0):
            return f"{demand}/{number} with {resource} is worth {worth.total}, more than its two prices"
    return None
