"""One shard once more, in plain Python: what the inputs say, and whether each round follows from them.

Independent of ``matcher``. The rules, as the design has them:

1. Of an entity the newest version counts; the same event again changes nothing; anything else not newer is refused.
2. A round has seen the inputs below its offsets. A "no" or a no-show ends an assignment, else "done" fulfils it, else
   it is revoked where a side is gone or the pair is no longer allowed, else a "yes" confirms it, else it expires.
3. Seats are promised once; what is withdrawn, suspended, lapsed, declined or full is not proposed.
4. No allowed pair is left of which both have a seat open, and prices prove the round optimal; teams: ``teams``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.base import Fact
from schemas.catalogue import Catalogue
from schemas.claims import ClaimDropped, ClaimMade
from schemas.demands import Demand, DemandPosted, DemandRevised, DemandWhistled, DemandWithdrawn, Urgency
from schemas.envelope import Event
from schemas.policy import Policy
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn
from schemas.responses import AssignmentAccepted, AssignmentDeclined, AssignmentDone, AssignmentNoShow
from schemas.rounds import Proposal, RoundDecided
from tests.chaos import teams
from tests.chaos.claiming import ClaimBook, pair_of
from tests.chaos.claiming import Pair as Claimed
from tests.chaos.fitness import Stretch, can_start, earliest_start, is_qualified, ms, slot_holds, worth
from tests.property.optimum import teams_of

Line = tuple[str, int]
Pair = tuple[str, str]
Word = tuple[str, str]
_SAYS: dict[type[Fact], str] = {
    AssignmentAccepted: "accepted",
    AssignmentDeclined: "declined",
    AssignmentDone: "done",
    AssignmentNoShow: "no_show",
}
EVER = 2**62


@dataclass(slots=True)
class Entry:
    """One entry of either list; ``body`` None where it was only ever withdrawn."""

    version: int
    event_id: str
    state: str
    body: Demand | Resource | None = None
    urgency: Urgency = Urgency.NORMAL
    lapsed: int = 0


class Entries(dict[str, Entry]):
    """Entries by id; one that nobody ever heard of has no body and version 0."""

    def __missing__(self, name: str) -> Entry:
        return Entry(0, "", "unheard of")


@dataclass(slots=True)
class Promise:
    """A live assignment."""

    proposal: Proposal
    confirmed: bool


@dataclass
class Book:
    """A shard as it stands after the inputs and rounds read so far."""

    catalogue: Catalogue
    policy: Policy
    resources: Entries = field(default_factory=Entries)
    demands: Entries = field(default_factory=Entries)
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    live: dict[str, Promise] = field(default_factory=dict)
    ended: dict[str, Word] = field(default_factory=dict)
    filled: Counter[Line] = field(default_factory=Counter)
    filled_seats: dict[Line, set[int]] = field(default_factory=lambda: defaultdict(set))
    spent: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    rests: dict[Pair, int] = field(default_factory=dict)
    claims: ClaimBook = field(default_factory=ClaimBook)
    round_no: int = 0
    decided_ms: int = 0

    # -- inputs -------------------------------------------------------------------------------------------

    def take(self, event: Event[Fact]) -> str:  # noqa: PLR0911 - one per kind of event
        """Take in one input event; return "applied", "seen", or the code it is refused with."""
        match data := event.data:
            case DemandPosted(demand=body) | DemandRevised(demand=body):
                if any(line.item not in self.catalogue.items for line in body.lines):
                    return "unknown_item"
                return self._put(self.demands, body.demand_id, body.version, event, "open", body)
            case ResourceOffered(resource=offer) | ResourceRevised(resource=offer):
                if offer.item not in self.catalogue.items:
                    return "unknown_item"
                return self._put(self.resources, offer.resource_id, offer.version, event, "open", offer)
            case DemandWhistled():
                return self._put(self.demands, data.demand_id, data.version, event, None)
            case DemandWithdrawn():
                return self._put(self.demands, data.demand_id, data.version, event, "withdrawn")
            case ResourceSuspended():
                return self._put(self.resources, data.resource_id, data.version, event, "suspended")
            case ResourceWithdrawn():
                return self._put(self.resources, data.resource_id, data.version, event, "withdrawn")
            case AssignmentAccepted() | AssignmentDeclined() | AssignmentDone() | AssignmentNoShow():
                word = _SAYS[type(data)]
                news = word not in self.said[data.assignment_id]
                self.said[data.assignment_id].add(word)
                return "applied" if news else "seen"
            case ClaimMade() | ClaimDropped():
                return self.claims.take(data)
        return "aside"

    def _put(
        self,
        entries: dict[str, Entry],
        entry_id: str,
        version: int,
        event: Event[Fact],
        state: str | None,
        body: Demand | Resource | None = None,
    ) -> str:
        known = entries.get(entry_id)
        if known is None:
            if body is None and state != "withdrawn":
                return "not_found"
            known = entries[entry_id] = Entry(0, "", "")
        if (version, event.id) == (known.version, known.event_id):
            return "seen"
        if version <= known.version:
            return "stale_version"
        if known.state == "withdrawn":
            return "already_withdrawn"
        known.version, known.event_id = version, event.id
        known.state = state or known.state
        if body is not None:
            known.body = body
            if isinstance(body, Demand):
                known.urgency = body.urgency
        if isinstance(event.data, DemandWhistled) and known.urgency is not Urgency.EMERGENCY:
            known.urgency = Urgency.WHISTLE
        return "applied"

    # -- rounds -------------------------------------------------------------------------------------------

    def judge(self, decided: RoundDecided) -> Iterator[str]:
        """Say what is wrong with a round that counts, given the inputs it saw; then act on it."""
        now = ms(decided.decided_at)
        if decided.round_no != self.round_no + 1:
            yield f"it follows round {self.round_no}"
        if now <= self.decided_ms and self.round_no:
            yield "it was not decided after the round before"
        yield from self._judge_transitions(decided, now)
        self._move(decided)
        yield from self._judge_lapses(decided, now)
        for lapse in decided.lapsed:
            self.demands[lapse.demand_id].lapsed = lapse.version
        need, supply = self._open_lines(), self._open_resources()
        yield from self._judge_prices(decided, need, supply, now)
        for proposal in decided.proposals:
            yield from self._judge_proposal(proposal, need, supply, now)
            self.live[proposal.assignment_id] = Promise(proposal, proposal.auto_accepted)
        yield from self._judge_room()
        yield from self.claims.judge(decided, demands=self.demands, resources=self.resources)
        self.round_no, self.decided_ms = decided.round_no, now

    def _judge_transitions(self, decided: RoundDecided, now: int) -> Iterator[str]:
        told = {transition.assignment_id: (transition.to, transition.reason) for transition in decided.transitions}
        if len(told) != len(decided.transitions):
            yield "it moves an assignment twice"
        for assignment_id in told.keys() - self.live.keys():
            yield f"it moves {assignment_id}, which does not live"
        words = {name: self._word(name, promise, now) for name, promise in self.live.items()}
        for name, promise in self.live.items():
            if told.get(name) == ("revoked", "no_longer_allowed") and self._is_shrunk(promise.proposal):
                words[name] = told[name]
        words |= dict.fromkeys(teams.broken(self, words), ("revoked", "team_broken"))
        for name, expected in words.items():
            if told.get(name) != expected:
                of = self.live[name].proposal.demand_id
                yield f"assignment {name} of {of} should be {expected}, is {told.get(name)}"

    def _word(self, assignment_id: str, promise: Promise, now: int) -> Word | None:
        said, proposal = self.said.get(assignment_id, set()), promise.proposal
        yes = "accepted" in said and not promise.confirmed
        late = not promise.confirmed and proposal.answer_by is not None and ms(proposal.answer_by) <= now
        rules: list[tuple[bool, Word]] = [
            ("declined" in said, ("revoked", "declined")),
            ("no_show" in said, ("revoked", "no_show")),
            ("done" in said, ("fulfilled", "done")),
            (self.resources[proposal.resource_id].state == "withdrawn", ("revoked", "resource_gone")),
            (self.demands[proposal.demand_id].state == "withdrawn", ("revoked", "demand_gone")),
            (not self._still_fits(proposal), ("revoked", "no_longer_allowed")),
            (yes, ("confirmed", "accepted")),
            (late, ("expired", "no_answer")),
        ]
        return next((word for holds, word in rules if holds), None)

    def _still_fits(self, proposal: Proposal) -> bool:
        demand, resource = self.demands[proposal.demand_id], self.resources[proposal.resource_id]
        if (demand.version, resource.version) == (proposal.demand_version, proposal.resource_version):
            return True
        asked, offer = demand.body, resource.body
        if not isinstance(asked, Demand) or not isinstance(offer, Resource) or proposal.line >= len(asked.lines):
            return False
        fits = is_qualified(asked, asked.lines[proposal.line], offer, self.catalogue)
        return fits and slot_holds(asked, offer, proposal.starts_at, proposal.ends_at)

    def _is_shrunk(self, proposal: Proposal) -> bool:
        """Whether more is held of a side than it now has room for, so that somebody had to give way."""
        line, lines, seats = (proposal.demand_id, proposal.line), Counter[Line](), Counter[str]()
        for promise in self.live.values():
            lines[promise.proposal.demand_id, promise.proposal.line] += 1
            seats[promise.proposal.resource_id] += 1
        demand, resource = self.demands[proposal.demand_id].body, self.resources[proposal.resource_id].body
        if not isinstance(demand, Demand) or not isinstance(resource, Resource):
            return False
        asked = demand.lines[proposal.line].quantity if proposal.line < len(demand.lines) else 0
        if resource.per_occasion:
            return lines[line] + self.filled[line] > asked or proposal.resource_seat >= resource.capacity
        seat = proposal.resource_id, proposal.resource_seat
        held = [(other.proposal.resource_id, other.proposal.resource_seat) for other in self.live.values()]
        shared = held.count(seat) > 1
        full = seats[proposal.resource_id] + len(self.spent[proposal.resource_id]) > resource.capacity
        return lines[line] + self.filled[line] > asked or full or shared

    def _move(self, decided: RoundDecided) -> None:
        for transition in decided.transitions:
            if transition.assignment_id not in self.live:
                continue
            promise = self.live[transition.assignment_id]
            if transition.to == "confirmed":
                promise.confirmed = True
                continue
            proposal, pair = promise.proposal, (transition.demand_id, transition.resource_id)
            if transition.to == "fulfilled":
                self._fill(proposal)
            elif transition.reason in ("declined", "no_show"):
                self.rests[pair] = EVER
            elif transition.barred_until is not None:
                self.rests[pair] = max(ms(transition.barred_until), self.rests.get(pair, 0))
            self.ended[transition.assignment_id] = transition.to, transition.reason
            del self.live[transition.assignment_id]

    def _fill(self, proposal: Proposal) -> None:
        line, resource = (proposal.demand_id, proposal.line), self.resources[proposal.resource_id].body
        self.filled[line] += 1
        self.filled_seats[line].add(proposal.seat)
        if isinstance(resource, Resource) and not resource.renewable:
            self.spent[proposal.resource_id].add(proposal.resource_seat)

    def _judge_lapses(self, decided: RoundDecided, now: int) -> Iterator[str]:
        told = {lapse.demand_id: lapse.version for lapse in decided.lapsed}
        lines = self._open_lines()
        late = {
            name: self.demands[name].version
            for name in {demand_id for demand_id, _ in lines}
            if isinstance(body := self.demands[name].body, Demand) and ms(body.lapses_at) <= now
        }
        if told != late:
            yield f"lapsed should be {late}, is {told}"

    def _open_lines(self) -> dict[Line, int]:
        """Return the open seats of every line that has some and may get them filled."""
        held = Counter((promise.proposal.demand_id, promise.proposal.line) for promise in self.live.values())
        lines, settled = {}, teams.not_asked(self)
        for name, entry in self.demands.items():
            if entry.state != "open" or entry.lapsed >= entry.version or not isinstance(entry.body, Demand):
                continue
            for number, line in enumerate(entry.body.lines):
                left = line.quantity - held[name, number] - self.filled[name, number]
                if left > 0 and (name, number) not in settled:
                    lines[name, number] = left
        return lines

    def _open_resources(self) -> dict[str, int]:
        held = Counter(promise.proposal.resource_id for promise in self.live.values())
        found = {}
        for name, entry in self.resources.items():
            if entry.state != "open" or not isinstance(entry.body, Resource):
                continue
            left = entry.body.capacity - held[name] - len(self.spent[name])
            if entry.body.per_occasion:
                seats = self.seats(name, entry.body)
                left = sum(not jobs for jobs in seats) or min(len(seats), 1)
            if left > 0:
                found[name] = left
        return found

    def seats(self, name: str, offer: Resource) -> list[list[Stretch]]:
        """Return what is promised on each seat that serves per occasion; of others, one seat with nothing."""
        if not offer.per_occasion:
            return [[]]
        seats: dict[int, list[Stretch]] = {seat: [] for seat in range(offer.capacity) if seat not in self.spent[name]}
        for promise in self.live.values():
            held = promise.proposal
            if held.resource_id == name and held.resource_seat in seats:
                seats[held.resource_seat].append((ms(held.starts_at), ms(held.ends_at)))
        return list(seats.values())

    def _judge_prices(
        self, decided: RoundDecided, need: dict[Line, int], supply: dict[str, int], now: int
    ) -> Iterator[str]:
        """Prove the round optimal from its prices alone, by weak duality; where there are teams, given their seats.

        What teams were given is held against its bound, and no team may be left lying.
        """
        proof, asked = decided.certificate, teams.asking(self, need)
        of_team = {line for team in asked for line in team}
        own = [each for each in decided.proposals if (each.demand_id, each.line) not in of_team]
        held = Counter(each.resource_id for each in decided.proposals if (each.demand_id, each.line) in of_team)
        lines = {(price.demand_id, price.line): price.price for price in decided.line_prices}
        resources = {price.resource_id: price.price for price in decided.resource_prices}
        value, every = (sum(each.value for each in proposals) for proposals in (own, decided.proposals))
        total = sum(price * need.get(line, 0) for line, price in lines.items())
        total += sum(price * (supply.get(name, 0) - held[name]) for name, price in resources.items())
        parts = sum(part.value for part in decided.team_parts)
        if not (proof.holds and proof.worst_gap <= 0 and proof.value == proof.price_sum and value == total):
            yield f"the certificate {proof} does not hold: proposals are worth {value}, prices sum up to {total}"
        if proof.value + parts != every:
            yield f"the certificate {proof} and {parts} points of parts with teams are not the {every} points given"
        if any(part.value > part.bound or part.certified != (part.value == part.bound) for part in decided.team_parts):
            yield f"a part with teams says what cannot be of itself: {decided.team_parts}"
        if min([0, *lines.values(), *resources.values()]) < 0:
            yield "a price is negative"
        outbid = {pair_of(told) for told in decided.claims if told.outcome == "outbid"}
        allowed = list(self._allowed(need, supply, now, backed=outbid))
        for line, resource_id, points in allowed:
            if line not in of_team and points > lines.get(line, 0) + resources.get(resource_id, 0):
                yield f"{line} with {resource_id} is worth {points}, more than its prices"
        given = Counter(each.resource_id for each in decided.proposals)
        free, pairs = {name: seats - given[name] for name, seats in supply.items()}, [pair[:2] for pair in allowed]
        served = {(each.demand_id, each.line) for each in decided.proposals}
        for team in asked:
            at = None if served & set(team) else teams.could_meet(self, team, pairs, free, now_ms=now)
            if at is not None:
                yield f"the team {team} could meet at {at} with seats that nobody was given"

    def _allowed(
        self, need: dict[Line, int], supply: dict[str, int], now: int, *, backed: set[Claimed]
    ) -> Iterator[tuple[Line, str, int]]:
        """Yield every allowed pair of an open line and a resource with a free seat, with its worth."""
        offers: dict[str, list[tuple[str, Resource]]] = defaultdict(list)
        for name in supply:
            offer = self.resources[name].body
            assert isinstance(offer, Resource)
            offers[offer.item.partition(".")[0]].append((name, offer))
        for line in need:
            entry = self.demands[line[0]]
            demand = entry.body
            assert isinstance(demand, Demand)
            asked = demand.lines[line[1]]
            for name, offer in offers[asked.item.partition(".")[0]]:
                if self.rests.get((line[0], name), 0) > now:
                    continue
                if not is_qualified(demand, asked, offer, self.catalogue):
                    continue
                if earliest_start(demand, offer, now_ms=now, seats=self.seats(name, offer)) is None:
                    continue
                points = worth(demand, asked, offer, urgency=entry.urgency, now_ms=now, policy=self.policy)
                points += self.policy.claim.bonus if (*line, name) in backed else 0
                if points > 0:
                    yield line, name, points

    def _judge_proposal(
        self, proposal: Proposal, need: dict[Line, int], supply: dict[str, int], now: int
    ) -> Iterator[str]:
        line, name = (proposal.demand_id, proposal.line), proposal.resource_id
        what = f"the proposal {proposal.assignment_id} of {line} with {name}"
        if line not in need or name not in supply:
            yield f"{what} has no open seat: {need.get(line, 0)} asked, {supply.get(name, 0)} offered"
            return
        need[line] -= 1
        supply[name] -= 1
        if need[line] < 0 or supply[name] < 0:
            yield f"{what} is one too many"
        demand, resource = self.demands[line[0]], self.resources[name]
        asked, offer = demand.body, resource.body
        assert isinstance(asked, Demand)
        assert isinstance(offer, Resource)
        seats = self.seats(name, offer)
        seats = [jobs for jobs in seats if not jobs] or seats
        start, found = earliest_start(asked, offer, now_ms=now, seats=seats), ms(proposal.starts_at)
        in_team = any(line in team for team in teams_of(asked))
        if self.rests.get((line[0], name), 0) > now:
            yield f"{what} was declined, missed or left unanswered before"
        if not is_qualified(asked, asked.lines[line[1]], offer, self.catalogue):
            yield f"{what} is not allowed"
        if in_team and not can_start(asked, offer, found, now_ms=now, seats=seats):
            yield f"{what} cannot start at {proposal.starts_at}"
        if start is None or (found != start and not in_team):
            yield f"{what} starts at {proposal.starts_at}, the earliest is {start}"
        if (demand.version, resource.version) != (proposal.demand_version, proposal.resource_version):
            yield f"{what} is of versions that are not in force"
        points = worth(asked, asked.lines[line[1]], offer, urgency=demand.urgency, now_ms=now, policy=self.policy)
        points += self.claims.bonus(proposal, self.policy)
        if not proposal.value == points == sum(proposal.terms.values()):
            yield f"{what} is worth {points}, not {proposal.value}"
        if proposal.auto_accepted != (offer.auto_accept or self.claims.is_vouched(proposal)):
            yield f"{what} is auto_accepted: {proposal.auto_accepted}"

    def _judge_room(self) -> Iterator[str]:
        """No seat is promised twice, nobody holds more than there is, and no team is half filled."""
        yield from teams.half_filled(self)
        lines, seats = Counter[Line](), Counter[str]()
        filled: set[tuple[str, int, int]] = set()
        jobs: dict[tuple[str, int], list[Stretch]] = defaultdict(list)
        for promise in self.live.values():
            given = promise.proposal
            line, seat = (given.demand_id, given.line), (given.resource_id, given.resource_seat)
            lines[line] += 1
            seats[given.resource_id] += 1
            start, end, offer = ms(given.starts_at), ms(given.ends_at), self.resources[given.resource_id].body
            again = isinstance(offer, Resource) and offer.per_occasion
            clash = any(not again or (low < end and start < high) for low, high in jobs[seat])
            if clash or given.resource_seat in self.spent[given.resource_id]:
                yield f"the seat {seat} is promised twice"
            if (*line, given.seat) in filled or given.seat in self.filled_seats[line]:
                yield f"the seat {given.seat} of {line} is filled twice"
            jobs[seat].append((start, end))
            filled.add((*line, given.seat))
        for line, count in lines.items():
            body = self.demands[line[0]].body
            asked = body.lines[line[1]].quantity if isinstance(body, Demand) and line[1] < len(body.lines) else 0
            if count + self.filled[line] > asked:
                yield f"{line} asks for {asked} and has {count} promised beside {self.filled[line]} done"
        for name, count in seats.items():
            body = self.resources[name].body
            room = body.capacity if isinstance(body, Resource) else 0
            again = isinstance(body, Resource) and body.per_occasion
            held = len({seat for resource, seat in jobs if resource == name}) if again else count
            if held + len(self.spent[name]) > room:
                yield f"{name} has {room} seats and holds {held} beside {len(self.spent[name])} used up"
