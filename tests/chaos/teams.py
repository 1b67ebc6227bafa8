"""Teams once more, in plain Python: which lines belong together, and what must hold of their seats.

1. After a round a team has all its seats, all at one start, or none; unless a seat is fulfilled: then it has met.
2. A team that has met, or that has its seats, asks for nothing.
3. No team is left without seats where free ones would make it whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from schemas.demands import Demand
from schemas.resources import Resource
from schemas.rounds import Proposal
from tests.chaos.fitness import can_start, ms, stretches
from tests.property.optimum import Team, teams_of

if TYPE_CHECKING:
    from tests.chaos.book import Book, Line, Word


def every_team(book: "Book") -> Iterator[Team]:
    """Yield the teams of all demands as they stand."""
    for entry in book.demands.values():
        if isinstance(entry.body, Demand):
            yield from teams_of(entry.body)


def seats_of(book: "Book", team: Team) -> Counter["Line"]:
    """Return how many seats each line of a team asks for."""
    demand = book.demands[team[0][0]].body
    assert isinstance(demand, Demand)
    return Counter({place: demand.lines[place[1]].quantity for place in team})


def is_whole(book: "Book", team: Team, held: Iterable[Proposal]) -> bool:
    """Whether these seats are all that the team asks for, at one start."""
    held = list(held)
    seats = Counter((proposal.demand_id, proposal.line) for proposal in held)
    return seats == seats_of(book, team) and len({proposal.starts_at for proposal in held}) == 1


def has_met(book: "Book", team: Team, done: Iterable[Proposal] = ()) -> bool:
    """Whether a seat of the team is fulfilled, or one of those that are just ``done`` is of it."""
    return any(book.filled[place] for place in team) or any((each.demand_id, each.line) in team for each in done)


def broken(book: "Book", words: Mapping[str, "Word | None"]) -> set[str]:
    """Return the assignments that would live on by these words, and whose team is not whole any more."""
    done = [book.live[name].proposal for name, word in words.items() if word == ("fulfilled", "done")]
    stay: dict[Line, list[str]] = {}
    for name, word in words.items():
        if word in (None, ("confirmed", "accepted")):
            proposal = book.live[name].proposal
            stay.setdefault((proposal.demand_id, proposal.line), []).append(name)
    found: set[str] = set()
    for team in every_team(book):
        mine = [name for place in team for name in stay.get(place, [])]
        if mine and not has_met(book, team, done) and not is_whole(book, team, [book.live[n].proposal for n in mine]):
            found.update(mine)
    return found


def asking(book: "Book", need: Mapping["Line", int]) -> list[Team]:
    """Return the teams with open seats."""
    return [team for team in every_team(book) if team[0] in need]


def not_asked(book: "Book") -> set["Line"]:
    """Return the lines whose team has its seats, or has met: nothing of them is open."""
    live = {(promise.proposal.demand_id, promise.proposal.line) for promise in book.live.values()}
    teams = [team for team in every_team(book) if live & set(team) or has_met(book, team)]
    return {place for team in teams for place in team}


def half_filled(book: "Book") -> Iterator[str]:
    """Say which teams have some of their seats."""
    held: dict[Line, list[Proposal]] = {}
    for promise in book.live.values():
        held.setdefault((promise.proposal.demand_id, promise.proposal.line), []).append(promise.proposal)
    for team in every_team(book):
        mine = [proposal for place in team for proposal in held.get(place, [])]
        if mine and not has_met(book, team) and not is_whole(book, team, mine):
            yield f"the team {team} is half filled: {sorted(proposal.starts_at for proposal in mine)}"


def could_meet(
    book: "Book", team: Team, pairs: Iterable[tuple["Line", str]], free: Mapping[str, int], *, now_ms: int
) -> int | None:
    """Return a moment at which free seats of these pairs would make the team whole, or None.

    Teams whose lines ask for the same resources are not looked at.
    """
    demand, mine = book.demands[team[0][0]].body, [pair for pair in pairs if pair[0] in team and free.get(pair[1], 0)]
    assert isinstance(demand, Demand)
    if max(Counter(name for _, name in mine).values(), default=2) > 1:
        return None
    for moment in sorted(_begins(book, demand, {name for _, name in mine}, now_ms=now_ms)):
        had: Counter[Line] = Counter()
        for place, name in mine:
            offer = book.resources[name].body
            assert isinstance(offer, Resource)
            if can_start(demand, offer, moment, now_ms=now_ms, seats=book.seats(name, offer)):
                had[place] += free[name]
        if all(had[place] >= seats for place, seats in seats_of(book, team).items()):
            return moment
    return None


def _begins(book: "Book", demand: Demand, names: Iterable[str], *, now_ms: int) -> set[int]:
    """Return the moments at which a job with these resources could first begin."""
    moments = {ms(demand.window.start), *(start for start, _ in stretches(demand))}
    for name in names:
        offer = book.resources[name].body
        assert isinstance(offer, Resource)
        moments |= {now_ms + offer.notice_minutes * 60_000, *(start for start, _ in stretches(offer))}
    return moments
