"""A second opinion on the matcher: the rules once more, in plain Python loops over the facts themselves.

Slow and simple on purpose; nothing here comes from ``matcher``. Times stay datetimes, seats stay sets, and the
best assignment of a small pool is found by trying every choice of every seat.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, chain

from schemas.base import Fact, Window
from schemas.catalogue import Catalogue
from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.policy import Policy
from schemas.resources import (
    AccessMode,
    Resource,
    ResourceOffered,
    ResourceRevised,
    ResourceSuspended,
    ResourceWithdrawn,
)
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided, Transition
from tests.property import claiming
from tests.property.occasions import Job, Seats
from tests.property.optimum import Pair, Place, Team, best_total, teams_of

Word = tuple[str, str]
"""What becomes of an assignment: to, and the reason."""

EVER = datetime.max.replace(tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)
_ANSWER = {
    AssignmentAccepted: "accepted",
    AssignmentDeclined: "declined",
    AssignmentDone: "done",
    AssignmentNoShow: "no_show",
}


@dataclass(slots=True)
class Promise:
    """A live assignment."""

    proposal: Proposal
    confirmed: bool


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
    but is ``allowed`` them each by itself.
    """

    need: dict[Place, int]
    supply: dict[str, int]
    pairs: dict[Pair, Worth]
    waiting: set[Place] = field(default_factory=set)
    teams: dict[Team, list[set[Pair]]] = field(default_factory=dict)
    rulings: list[claiming.Ruling] = field(default_factory=list)
    allowed: set[Pair] = field(default_factory=set)

    def optimum(self) -> int:
        """Return the most that can be had, by trying for every open demand seat every resource and none."""
        worth = {pair: worth.total for pair, worth in self.pairs.items()}
        return best_total(self.need, self.supply, worth, teams=self.teams)

    def in_team(self, place: Place) -> bool:
        """Whether the line is of a team that could meet."""
        return any(place in team for team in self.teams)


@dataclass
class Book:
    """Everything that was told, kept as it was told."""

    catalogue: Catalogue
    resources: dict[str, Resource] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)
    resources_gone: set[str] = field(default_factory=set)
    demands: dict[str, Demand] = field(default_factory=dict)
    demands_gone: set[str] = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=dict)
    lapsed: dict[str, int] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)
    live: dict[str, Promise] = field(default_factory=dict)
    filled: dict[Place, int] = field(default_factory=dict)
    spent: dict[str, set[int]] = field(default_factory=dict)
    barred: dict[tuple[str, str], datetime] = field(default_factory=dict)
    outbid: dict[Place, datetime] = field(default_factory=dict)
    served: list[tuple[str, date]] = field(default_factory=list)
    claims: dict[str, ClaimMade] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    rounds: int = 0
    left_out: int = 0

    # -- reading ------------------------------------------------------------------------------------------

    def read(self, fact: Fact) -> None:
        """Take in a fact that is news."""
        match fact:
            case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
                self.resources[resource.resource_id] = resource
                self.resting.discard(resource.resource_id)
            case ResourceSuspended():
                self.resting.add(fact.resource_id)
                self.versions[fact.resource_id] = fact.version
            case ResourceWithdrawn():
                self.resources_gone.add(fact.resource_id)
            case DemandPosted(demand=demand) | DemandRevised(demand=demand):
                self.demands[demand.demand_id] = demand
                self.versions[demand.demand_id] = demand.version
            case DemandWhistled():
                self._whistle(fact)
            case DemandWithdrawn():
                self.demands_gone.add(fact.demand_id)
            case ClaimMade():
                self.claims.setdefault(fact.claim_id, fact)
            case ClaimDropped():
                self.dropped.add(fact.claim_id)
            case RoundDecided():
                self._read_round(fact)
            case AssignmentAccepted() | AssignmentDeclined() | AssignmentDone() | AssignmentNoShow():
                self.said.setdefault(fact.assignment_id, set()).add(_ANSWER[type(fact)])
            case _:
                raise TypeError(type(fact).__name__)
        if isinstance(fact, ResourceOffered | ResourceRevised):
            self.versions[fact.resource.resource_id] = fact.resource.version

    def _whistle(self, fact: DemandWhistled) -> None:
        before = self.demands[fact.demand_id]
        loudest = Urgency.EMERGENCY if before.urgency is Urgency.EMERGENCY else Urgency.WHISTLE
        self.demands[fact.demand_id] = before.model_copy(update={"urgency": loudest})
        self.versions[fact.demand_id] = fact.version

    def _read_round(self, decided: RoundDecided) -> None:
        self.rounds, self.left_out = decided.round_no, decided.size.left_out
        self.settled |= {claim.claim_id for claim in decided.claims}
        for moved in decided.transitions:
            self._move(moved, decided.decided_at)
        for lapse in decided.lapsed:
            self.lapsed[lapse.demand_id] = lapse.version
            self.outbid = {place: since for place, since in self.outbid.items() if place[0] != lapse.demand_id}
        for proposal in decided.proposals:
            self.live[proposal.assignment_id] = Promise(proposal, confirmed=proposal.auto_accepted)
            if proposal.auto_accepted:
                self.outbid.pop((proposal.demand_id, proposal.line), None)
        for line in decided.outbid:
            self.outbid[line.demand_id, line.line] = decided.decided_at

    def _move(self, moved: Transition, now: datetime) -> None:
        promise = self.live[moved.assignment_id]
        if moved.to in ("confirmed", "fulfilled"):
            self.outbid.pop((promise.proposal.demand_id, promise.proposal.line), None)
        if moved.to == "confirmed":
            promise.confirmed = True
            return
        was = self.live.pop(moved.assignment_id).proposal
        if moved.to == "fulfilled":
            self.served.append((was.provider, now.date()))
        pair = (was.demand_id, was.resource_id)
        if moved.to == "fulfilled":
            self.filled[was.demand_id, was.line] = self.filled.get((was.demand_id, was.line), 0) + 1
            if moved.used_up:
                self.spent.setdefault(was.resource_id, set()).add(was.resource_seat)
        elif moved.reason in ("declined", "no_show"):
            self.barred[pair] = EVER
        elif moved.barred_until is not None:
            self.barred[pair] = max(moved.barred_until, self.barred.get(pair, BEGINNING))

    # -- what a round must do to live assignments ----------------------------------------------------------

    def endings(self, now: datetime, policy: Policy) -> dict[str, Word]:
        """Return what must become of live assignments in a round at ``now``; those not named stay as they are."""
        words = {name: self._ending(name, promise, now, policy) for name, promise in sorted(self.live.items())}
        self._make_room(words)
        self._break_teams(words)
        return {name: word for name, word in words.items() if word is not None}

    def _make_room(self, words: dict[str, Word | None]) -> None:
        """A line or resource that shrank keeps the firmest promises, up to the seats it has left."""
        for name, demand in self.demands.items():
            for number, asked in enumerate(demand.lines):
                mine = [n for n, p in self.live.items() if (p.proposal.demand_id, p.proposal.line) == (name, number)]
                done = sum(words[n] == ("fulfilled", "done") for n in mine)
                self._keep(mine, asked.quantity - self.filled.get((name, number), 0) - done, words)
        for name, resource in self.resources.items():
            mine = [n for n, p in self.live.items() if p.proposal.resource_id == name]
            spent = set() if resource.renewable else {self._seat(n) for n in mine if words[n] == ("fulfilled", "done")}
            spent |= self.spent.get(name, set())
            for seat in {self._seat(n) for n in mine}:
                gone = seat in spent or (resource.per_occasion and seat >= resource.capacity)
                several = len(mine) if resource.per_occasion else 1
                self._keep([n for n in mine if self._seat(n) == seat], 0 if gone else several, words)
            if not resource.per_occasion:
                self._keep(mine, resource.capacity - len(spent), words)

    def _seat(self, assignment: str) -> int:
        return self.live[assignment].proposal.resource_seat

    def _break_teams(self, words: dict[str, Word | None]) -> None:
        """What would stay of a team must be whole and at one start, unless its job has taken place."""
        for team in chain.from_iterable(map(teams_of, self.demands.values())):
            mine = [n for n, p in self.live.items() if (p.proposal.demand_id, p.proposal.line) in team]
            stay = [name for name in mine if words[name] in (None, ("confirmed", "accepted"))]
            whole = sorted((p.demand_id, p.line) for p in (self.live[n].proposal for n in stay)) == sorted(
                place for place in team for _ in range(self.demands[place[0]].lines[place[1]].quantity)
            )
            if self._has_met(team, {n: w for n, w in words.items() if w}) or (
                whole and len({self.live[name].proposal.starts_at for name in stay}) == 1
            ):
                continue
            words.update(dict.fromkeys(stay, ("revoked", "team_broken")))

    def _has_met(self, team: Team, words: Mapping[str, Word]) -> bool:
        """Whether some seat of the team is fulfilled, or will be by these words."""
        done = [self.live[name].proposal for name, (to, _) in words.items() if to == "fulfilled"]
        return any(self.filled.get(place) for place in team) or any((p.demand_id, p.line) in team for p in done)

    def _keep(self, names: list[str], room: int, words: dict[str, Word | None]) -> None:
        """Of these assignments keep so many: confirmed ones first, then by id."""
        accepted: Word = ("confirmed", "accepted")
        staying = [name for name in names if words[name] in (None, accepted)]
        staying.sort(key=lambda name: (not (self.live[name].confirmed or words[name] == accepted), name))
        for name in staying[max(room, 0) :]:
            words[name] = "revoked", "no_longer_allowed"

    def _ending(self, name: str, promise: Promise, now: datetime, policy: Policy) -> Word | None:
        said, given = self.said.get(name, set()), promise.proposal
        reasons: list[tuple[bool, Word]] = [
            ("declined" in said, ("revoked", "declined")),
            ("no_show" in said, ("revoked", "no_show")),
            ("done" in said, ("fulfilled", "done")),
            (given.resource_id in self.resources_gone, ("revoked", "resource_gone")),
            (given.demand_id in self.demands_gone, ("revoked", "demand_gone")),
            (not self._stands(promise, policy), ("revoked", "no_longer_allowed")),
            ("accepted" in said and not promise.confirmed, ("confirmed", "accepted")),
            (not promise.confirmed and (given.answer_by or EVER) <= now, ("expired", "no_answer")),
        ]
        return next((word for holds, word in reasons if holds), None)

    def _stands(self, promise: Promise, policy: Policy) -> bool:
        """Whether a promise survives the changes made to either side since."""
        given = promise.proposal
        demand, resource = self.demands[given.demand_id], self.resources[given.resource_id]
        if (given.demand_version, given.resource_version) == (
            self.versions[given.demand_id],
            self.versions[given.resource_id],
        ):
            return True
        if given.line >= len(demand.lines) or not self._suits((given.demand_id, given.line, given.resource_id), policy):
            return False
        return (
            given.ends_at - given.starts_at >= timedelta(minutes=demand.duration_minutes)
            and lie_in(demand.hours(), given.starts_at, given.ends_at)
            and demand.window.start <= given.starts_at
            and given.ends_at <= demand.window.end
            and is_free(resource, given.starts_at, given.ends_at)
        )

    # -- what is open then, and what it is worth ------------------------------------------------------------

    def pool(self, now: datetime, policy: Policy) -> Pool:
        """Return the pool of a round at ``now``, after its endings."""
        words = self.endings(now, policy)
        over = {name for name, (to, _) in words.items() if to != "confirmed"}
        need, supply, noes = self._need(words, over, now), self._supply(words), self._new_noes(words)
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
        return Pool(need, supply, taken_on, waiting, meeting, rulings, set(every))

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
        for team in self._asking_teams(need):
            mine = [pair for pair in pairs if pair[:2] in team]
            for moment in sorted(self._turning_points(mine, words, now, policy)):
                able = {pair for pair in mine if self.can_start(pair[0], pair[2], moment, words, now, policy)}
                asked = {place: need[place] for place in team}
                worth = {pair: pairs[pair].total for pair in able}
                if able not in found.get(team, []) and best_total(asked, supply, worth, teams={team: [able]}):
                    found.setdefault(team, []).append(able)
        return found

    def _turning_points(
        self, pairs: list[Pair], words: Mapping[str, Word], now: datetime, policy: Policy
    ) -> set[datetime]:
        """Return the moments at which a job of these pairs could first or last begin."""
        moments: set[datetime] = set()
        for demand_id, _, resource_id in pairs:
            demand, resource = self.demands[demand_id], self.resources[resource_id]
            length = timedelta(minutes=demand.duration_minutes)
            begins = [demand.window.start, now + least_notice(resource, policy), resource.valid_from]
            hours = (*(resource.hours() or ()), *(demand.hours() or ()))
            ends = [demand.window.end, resource.valid_to, *(window.end for window in hours)]
            moments |= {m for m in [*begins, *(window.start for window in hours)] if m}
            moments |= {m - length for m in ends if m}
            moments |= set(self.seats(resource_id, words).moments(resource, policy))
        return moments

    def can_start(
        self,
        demand_id: str,
        resource_id: str,
        moment: datetime,
        words: Mapping[str, Word],
        now: datetime,
        policy: Policy,
    ) -> bool:
        """Whether the whole job fits at this moment, told at ``now``, beside what is promised after these endings."""
        demand, resource = self.demands[demand_id], self.resources[resource_id]
        length = timedelta(minutes=demand.duration_minutes)
        soonest = max(demand.window.start, now + least_notice(resource, policy))
        end = moment + length
        there = soonest <= moment and end <= demand.window.end
        seats = self.seats(resource_id, words)
        there = there and seats.have_room(resource, demand.community, moment, end, policy)
        return there and is_free(resource, moment, end) and lie_in(demand.hours(), moment, end)

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

    def _supply(self, words: Mapping[str, Word]) -> dict[str, int]:
        there = self.resources.keys() - self.resting - self.resources_gone
        supply = {name: self.seats(name, words).open(self.resources[name]) for name in sorted(there)}
        return {name: seats for name, seats in supply.items() if seats > 0}

    def seats(self, resource_id: str, words: Mapping[str, Word]) -> Seats:
        """Return what is used up and promised of a resource after these endings."""
        used_up, jobs = set(self.spent.get(resource_id, set())), []
        for name, promise in self.live.items():
            held = promise.proposal
            if held.resource_id != resource_id:
                continue
            if words.get(name, ("confirmed",))[0] == "confirmed":
                place = self.demands[held.demand_id].community
                jobs.append(Job(held.resource_seat, held.starts_at, held.ends_at, place))
            elif words[name][0] == "fulfilled" and not self.resources[resource_id].renewable:
                used_up.add(held.resource_seat)
        return Seats(used_up, jobs)

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
                starts_at = self._start(demand_id, resource_id, now, policy, self.seats(resource_id, words))
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

    def _suits(self, pair: Pair, policy: Policy) -> bool:
        own = all(fine for fine in self._own_gates(pair).values())
        return self._item(pair, policy) and self._scope(pair) and self._gate(pair, policy) and own

    def _own_gates(self, pair: Pair) -> dict[str, bool]:
        """The rules that entries set themselves."""
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        fee = 0 if resource.access is not AccessMode.PAID else resource.fee
        regions = [entry for entry in resource.admits if ":" not in entry]
        return {
            "beneficiary": not resource.serves or demand.beneficiary in resource.serves,
            "fitness": all(need in resource.fitness for need in demand.needs),
            "cost": demand.cost_cap is None or (fee is not None and fee <= demand.cost_cap),
            "admission": not resource.admits
            or demand.requester in resource.admits
            or any(demand.community.startswith(region) for region in regions),
        }

    def _item(self, pair: Pair, policy: Policy) -> bool:
        asked, offered = self.demands[pair[0]].lines[pair[1]], self.resources[pair[2]].item
        kin = offered.split(".", maxsplit=1)[0] == asked.item.split(".", maxsplit=1)[0]
        return offered == asked.item or (kin and asked.siblings and policy.rules.siblings)

    def _scope(self, pair: Pair) -> bool:
        return any(self.demands[pair[0]].community.startswith(prefix) for prefix in self.resources[pair[2]].scope)

    def _gate(self, pair: Pair, policy: Policy) -> bool:
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        gate = self.catalogue.categories[demand.lines[pair[1]].item.split(".", maxsplit=1)[0]].gate
        if gate == "insurance_if_risky":
            gate = "insurance" if demand.risky else "none"
        return gate == "none" or not policy.rules.gates or gate in resource.qualifications

    def first_failing(self, pair: Pair, supply: Collection[str], now: datetime, policy: Policy) -> str | None:
        """Return the first rule by which a pair is not allowed, or None; only for a pool without new answers."""
        resource = self.resources[pair[2]]
        patient = self.resources | {pair[2]: resource.model_copy(update={"notice_minutes": 0})}
        at_any_time = Book(self.catalogue, resources=patient, demands=self.demands)
        calm = policy.model_copy(update={"rules": policy.rules.model_copy(update={"booking_minutes": 0})})
        seats = self.seats(pair[2], self.endings(now, policy))
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

    def _start(self, demand_id: str, resource_id: str, now: datetime, policy: Policy, seats: Seats) -> datetime | None:
        """The first moment at which the whole job fits beside what is promised of the seats, or None."""
        demand, resource = self.demands[demand_id], self.resources[resource_id]
        notice = least_notice(resource, policy)
        soonest = max(demand.window.start, now + notice)
        length = timedelta(minutes=demand.duration_minutes)
        opens = [resource.valid_from] if resource.valid_from else []
        windows = (window.start for window in (*(resource.hours() or ()), *(demand.hours() or ())))
        for moment in sorted(
            m for m in chain([soonest], opens, windows, seats.moments(resource, policy)) if m >= soonest
        ):
            end = moment + length
            fits = end <= demand.window.end and is_free(resource, moment, end) and lie_in(demand.hours(), moment, end)
            if fits and seats.have_room(resource, demand.community, moment, end, policy):
                return moment
        return None

    def _terms(self, pair: Pair, now: datetime, policy: Policy) -> dict[str, int]:
        demand, resource = self.demands[pair[0]], self.resources[pair[2]]
        hours = max(int((now - demand.posted_at).total_seconds() // 3600), 0)
        near = policy.nearness
        by_digits = {12: near.community, 9: near.street, 6: near.district, 4: near.city, 0: near.beyond}
        shared = next(n for n in by_digits if resource.home[:n] == demand.community[:n])
        exact = demand.lines[pair[1]].item == resource.item
        since = self.outbid.get(pair[:2])
        lost = int((now - since).total_seconds() // 3600) if since else 0
        return {
            "service": policy.service.base,
            "urgency": getattr(policy.urgency, demand.urgency.value),
            "waiting": policy.waiting.per_hour * min(hours, policy.waiting.cap_hours),
            "nearness": by_digits[shared],
            "fit": policy.fit.exact if exact else policy.fit.sibling,
            "regret": policy.regret.per_hour * min(lost, policy.regret.cap_hours),
            "load": -policy.load.per_assignment * min(self._load(resource.provider, now, policy), policy.load.cap),
        }

    def _load(self, provider: str, now: datetime, policy: Policy) -> int:
        """Assignments that a provider holds and did not refuse, and those done within the policy's days."""
        refused = {name for name, said in self.said.items() if said & {"declined", "no_show"}}
        held = [name for name, p in self.live.items() if p.proposal.provider == provider and name not in refused]
        first = now.date() - timedelta(days=policy.load.span_days - 1)
        return len(held) + sum(who == provider and day >= first for who, day in self.served)

    def losing(self, decided: RoundDecided, pool: Pool) -> set[Place]:
        """Return the lines whose clock of regret a round that gave these proposals must start."""
        given = Counter((p.demand_id, p.line, p.resource_id) for p in decided.proposals)
        of_line = Counter((p.demand_id, p.line) for p in decided.proposals)
        of_resource = Counter(p.resource_id for p in decided.proposals)
        confirmed = [self.live[m.assignment_id] for m in decided.transitions if m.to in ("confirmed", "fulfilled")]
        ended = {(p.proposal.demand_id, p.proposal.line) for p in confirmed}
        ended |= {(p.demand_id, p.line) for p in decided.proposals if p.auto_accepted}
        return {
            pair[:2]
            for pair in pool.pairs
            if of_line[pair[:2]] < pool.need[pair[:2]]
            and of_resource[pair[2]] > given[pair]
            and (pair[:2] not in self.outbid or pair[:2] in ended)
        }


def asks(place: Place, pairs: Mapping[Pair, Worth]) -> bool:
    """Whether the line has a pair."""
    return any(pair[:2] == place for pair in pairs)


def least_notice(resource: Resource, policy: Policy) -> timedelta:
    """The least time before a start."""
    booking = policy.rules.booking_minutes if resource.access is AccessMode.BOOKING else 0
    return timedelta(minutes=max(resource.notice_minutes, booking))


def is_free(resource: Resource, start: datetime, end: datetime) -> bool:
    """Whether the resource can be had without a gap from ``start`` to ``end``."""
    if (resource.valid_from and start < resource.valid_from) or (resource.valid_to and end > resource.valid_to):
        return False
    return lie_in(resource.hours(), start, end)


def lie_in(hours: tuple[Window, ...] | None, start: datetime, end: datetime) -> bool:
    """Whether ``hours`` leave no gap from ``start`` to ``end``; None are all there are."""
    if hours is None:
        return True
    moment = start
    while moment < end:
        until = max((w.end for w in hours if w.start <= moment < w.end), default=moment)
        if until == moment:
            return False
        moment = until
    return True


def proven(decided: RoundDecided, pool: Pool) -> str | None:
    """Return what is wrong with a round's proof of optimality, from its own prices and the pool alone; or None.

    The proof: what was given equals the prices of all seats, and no pair is worth more than its two prices. Of teams
    the prices say nothing: the seats they hold are out of the question.
    """
    own = [proposal for proposal in decided.proposals if not pool.in_team((proposal.demand_id, proposal.line))]
    held = Counter(p.resource_id for p in decided.proposals if pool.in_team((p.demand_id, p.line)))
    of_line = {(price.demand_id, price.line): price.price for price in decided.line_prices}
    of_resource = {price.resource_id: price.price for price in decided.resource_prices}
    if any(price < 0 for price in chain(of_line.values(), of_resource.values())):
        return "a price is negative"
    value = sum(proposal.value for proposal in own)
    paid = sum(price * pool.need[place] for place, price in of_line.items())
    paid += sum(price * (pool.supply[name] - held[name]) for name, price in of_resource.items())
    if value != paid:
        return f"the pairs are worth {value}, the seats cost {paid}"
    for (demand, number, resource), worth in pool.pairs.items():
        if pool.in_team((demand, number)):
            continue
        if worth.total > of_line.get((demand, number), 0) + of_resource.get(resource, 0):
            return f"{demand}/{number} with {resource} is worth {worth.total}, more than its two prices"
    return None
