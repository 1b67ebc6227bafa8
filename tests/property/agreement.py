"""Matcher and oracle side by side: the same round, asked of both."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, product

from matcher.round.matching import match
from matcher.round.settling import board_after, settle
from matcher.state.fold import from_ms, to_ms
from matcher.state.pool import freeze
from schemas.policy import LoadWeights, Policy, RegretWeights
from schemas.rounds import Proposal, RoundDecided
from tests.property.claiming import settling
from tests.property.ledger import Word
from tests.property.occasions import person
from tests.property.optimum import Pair, Place, teams_of
from tests.property.oracle import Book, Pool, proven
from tests.town import Town, ended

NO_BOUND = {"most_seats": 2**31}


def matcher_pairs(town: Town, now: datetime, policy: Policy) -> dict[Pair, tuple[int, datetime]]:
    """Return what the matcher holds allowed for lines in no team: pair -> worth and start."""
    frozen, now_ms = freeze(town.state), to_ms(now)
    settled = settle(frozen, now_ms=now_ms, policy=policy)
    board = board_after(frozen, settled, policy=policy, now_ms=now_ms)
    matching = match(board, settled.seats)
    pairs = matching.pairs
    return {
        (
            frozen.demand_ids[frozen.line_demand[line]],
            int(frozen.line_no[line]),
            frozen.resource_ids[resource],
        ): (int(worth), from_ms(start))
        for line, resource, start, worth in zip(
            pairs.line, pairs.resource, pairs.start, matching.market.worth, strict=True
        )
    }


def assert_agreed(book: Book, town: Town, decided: RoundDecided, *, now: datetime, policy: Policy) -> None:
    """Assert that the round is what the oracle says it must be; neither has read it yet."""
    assert ended(decided) == book.endings(now, policy)
    assert {lapse.demand_id: lapse.version for lapse in decided.lapsed} == book.lapsing(now, policy)
    pool = book.pool(now, policy)
    assert matcher_pairs(town, now, policy) == {
        pair: (worth.total, worth.starts_at) for pair, worth in pool.pairs.items() if not pool.in_team(pair[:2])
    }
    assert_best(book, decided, pool)
    assert_true(book, pool, decided, now=now, policy=policy)
    assert list(decided.claims) == settling(book, decided, pool)
    assert_fair(book, pool, decided, now=now, policy=policy)
    assert_seats_are_single(book, decided, book.endings(now, policy))
    assert_people_are_in_one_place(book, decided, book.endings(now, policy), policy)
    assert_teams_are_whole(book, decided, book.endings(now, policy))


def assert_best(book: Book, decided: RoundDecided, pool: Pool) -> None:
    """Assert that nothing better exists, by trying everything and by the record's own proof."""
    assert sum(proposal.value for proposal in decided.proposals) == pool.optimum()
    assert decided.certificate.holds
    assert decided.certificate.value == decided.certificate.price_sum
    assert decided.certificate.worst_gap == 0
    assert_parts(decided, pool)
    assert proven(decided, pool) is None
    size = decided.size
    assert (size.lines, size.line_seats) == (len(pool.need), sum(pool.need.values()))
    assert (size.resources, size.resource_seats) == (len(pool.supply), sum(pool.supply.values()))
    assert (size.pairs, size.left_out) == (
        len(pool.pairs),
        len(pool.waiting) + len(put_off(book, pool, decided)),
    )


def put_off(book: Book, pool: Pool, decided: RoundDecided) -> set[Place | str]:
    """Return the lines with an open seat that could be had, a round later, of what serves per occasion.

    Or of a person who was given a job through another entry. And the claims that are ruled on only then.
    """
    of_line = Counter((p.demand_id, p.line) for p in decided.proposals)
    given = Counter(p.resource_id for p in decided.proposals)
    busy = {pool.whose[p.resource_id] for p in decided.proposals}
    later: set[Place | str] = {ruled.claim.claim_id for ruled in pool.rulings if ruled.outcome == "later"}
    return later | {
        pair[:2]
        for pair in pool.allowed
        if pair[:2] not in pool.waiting
        and of_line[pair[:2]] < pool.need[pair[:2]]
        and (
            (book.resources[pair[2]].per_occasion and given[pair[2]] == pool.supply[pair[2]])
            or (not given[pair[2]] and pool.whose[pair[2]] in busy)
        )
    }


def assert_fair(book: Book, pool: Pool, decided: RoundDecided, *, now: datetime, policy: Policy) -> None:
    """Assert that the round says who was outbid and what fairness cost, and only under a policy with such terms."""
    losing = book.losing(decided, pool) if policy.regret.per_hour else set()
    assert [(line.demand_id, line.line) for line in decided.outbid] == sorted(losing)
    if not (policy.regret.per_hour or policy.load.per_assignment):
        assert decided.fairness is None
        return
    plain = policy.model_copy(
        update={"load": LoadWeights(), "regret": RegretWeights(), "pace": policy.pace.model_copy(update=NO_BOUND)}
    )
    open_then = book.pool(now, plain)
    there = {pair: worth for pair, worth in open_then.pairs.items() if pair[:2] not in pool.waiting}
    assert decided.fairness is not None
    teams = {team: able for team, able in open_then.teams.items() if not pool.waiting & set(team)}
    assert decided.fairness.best == replace(open_then, pairs=there, teams=teams).optimum()
    gift = sum(p.terms.get("regret", 0) + p.terms.get("load", 0) for p in decided.proposals)
    assert decided.fairness.value == sum(p.value for p in decided.proposals) - gift <= decided.fairness.best


def assert_parts(decided: RoundDecided, pool: Pool) -> None:
    """Assert that the parts with teams hold all teams, and that certificate and parts add to the whole."""
    places = [(line.demand_id, line.line) for part in decided.team_parts for line in part.lines]
    assert_unique([*places])
    assert set(places) >= {place for team in pool.teams for place in team}
    for part in decided.team_parts:
        own = [(line.demand_id, line.line) for line in part.lines]
        assert any(set(team) <= set(own) for team in pool.teams)
        assert part.value == sum(p.value for p in decided.proposals if (p.demand_id, p.line) in own)
        assert part.certified
        assert part.bound == part.value
    assert decided.value == pool.optimum()


def assert_true(book: Book, pool: Pool, decided: RoundDecided, *, now: datetime, policy: Policy) -> None:
    """Assert that what each proposal says of itself is so."""
    words = book.endings(now, policy)
    for proposal in decided.proposals:
        demand, resource = book.demands[proposal.demand_id], book.resources[proposal.resource_id]
        worth = pool.pairs[proposal.demand_id, proposal.line, proposal.resource_id]
        assert proposal.value == worth.total
        assert proposal.terms == {name: points for name, points in worth.terms.items() if points}
        if pool.in_team((proposal.demand_id, proposal.line)):
            assert book.can_start(proposal.demand_id, proposal.resource_id, proposal.starts_at, words, now, policy)
            assert proposal.margin == 0
        else:
            assert proposal.starts_at == worth.starts_at
        assert proposal.ends_at - proposal.starts_at == timedelta(minutes=demand.duration_minutes)
        assert proposal.demand_version == book.versions[proposal.demand_id]
        assert proposal.resource_version == book.versions[proposal.resource_id]
        assert (proposal.requester, proposal.provider) == (demand.requester, resource.provider)
        assert (proposal.item, proposal.offered_item) == (demand.lines[proposal.line].item, resource.item)
        assert proposal.community == demand.community
        pair = (proposal.demand_id, proposal.line, proposal.resource_id)
        vouched = any(ruled.vouches and ruled.pair == pair for ruled in pool.rulings)
        assert proposal.auto_accepted == (resource.auto_accept or vouched)
        answer_by = min(now + timedelta(hours=policy.rules.answer_hours), demand.lapses_at)
        assert proposal.answer_by == (None if proposal.auto_accepted else answer_by)
        assert proposal.margin >= 0


def assert_teams_are_whole(book: Book, decided: RoundDecided, words: dict[str, Word]) -> None:
    """Assert that after the round every team has all its seats at one start, or none, or its job has taken place."""
    stay = [p.proposal for n, p in book.live.items() if words.get(n, ("confirmed",))[0] == "confirmed"]
    done = [book.live[name].proposal for name, (to, _) in words.items() if to == "fulfilled"]
    for demand in book.demands.values():
        for team in teams_of(demand):
            if any(book.filled.get(place) for place in team) or any((p.demand_id, p.line) in team for p in done):
                assert not [p for p in decided.proposals if (p.demand_id, p.line) in team]
                continue
            held = [p for p in [*stay, *decided.proposals] if (p.demand_id, p.line) in team]
            assert len({proposal.starts_at for proposal in held}) <= 1
            seats = Counter(p.line for p in held)
            assert not seats or seats == {number: demand.lines[number].quantity for _, number in team}


def assert_seats_are_single(book: Book, decided: RoundDecided, words: dict[str, Word]) -> None:
    """Assert that after the round no seat is promised twice and no entry gives more seats than it has."""
    stay = [p.proposal for n, p in book.live.items() if words.get(n, ("confirmed",))[0] == "confirmed"]
    done = [book.live[name].proposal for name, (to, _) in words.items() if to == "fulfilled"]
    promised = [*stay, *decided.proposals]
    assert_unique(
        [(p.resource_id, p.resource_seat) for p in promised if not book.resources[p.resource_id].per_occasion]
    )
    assert_no_jobs_meet([p for p in promised if book.resources[p.resource_id].per_occasion])
    assert_unique([(p.demand_id, p.line, p.seat) for p in promised])
    assert_unique([p.assignment_id for p in promised])
    held = Counter((p.demand_id, p.line) for p in promised)
    filled = Counter(book.filled) + Counter((p.demand_id, p.line) for p in done)
    for (name, number), seats in held.items():
        assert seats + filled[name, number] <= book.demands[name].lines[number].quantity
    spent = {(p.resource_id, p.resource_seat) for p in done if not book.resources[p.resource_id].renewable}
    spent |= {(name, seat) for name, seats in book.spent.items() for seat in seats}
    assert not spent & {(p.resource_id, p.resource_seat) for p in promised}
    for name, seats in Counter(p.resource_id for p in promised).items():
        capacity = book.resources[name].capacity
        if book.resources[name].per_occasion:
            assert all(p.resource_seat < capacity for p in promised if p.resource_id == name)
        else:
            assert seats + sum(used == name for used, _ in spent) <= capacity
    assert all(seat_exists(book, proposal) for proposal in decided.proposals)


def assert_people_are_in_one_place(book: Book, decided: RoundDecided, words: dict[str, Word], policy: Policy) -> None:
    """Assert that no new job meets another one of the same person, with the way where the place differs."""
    stay = [p.proposal for n, p in book.live.items() if words.get(n, ("confirmed",))[0] == "confirmed"]
    promised = [p for p in [*stay, *decided.proposals] if book.resources[p.resource_id].provider.startswith("member:")]
    for one, other in product(decided.proposals, promised):
        who, whom = (person(book.resources[p.resource_id], policy) for p in (one, other))
        if who == whom and one != other and policy.rules.one_place and who.startswith("member:"):
            apart = book.demands[one.demand_id].community != book.demands[other.demand_id].community
            way = timedelta(minutes=policy.rules.travel_minutes if apart else 0)
            assert one.ends_at + way <= other.starts_at or other.ends_at + way <= one.starts_at


def seat_exists(book: Book, proposal: Proposal) -> bool:
    """Whether the seats that a new proposal names are among those of its line and resource."""
    asked = book.demands[proposal.demand_id].lines[proposal.line].quantity
    return proposal.seat < asked and proposal.resource_seat < book.resources[proposal.resource_id].capacity


def assert_no_jobs_meet(promised: list[Proposal]) -> None:
    """Assert that of the jobs on a seat one ends before the next begins."""
    jobs = sorted((p.resource_id, p.resource_seat, p.starts_at, p.ends_at) for p in promised)
    for one, other in pairwise(jobs):
        assert one[:2] != other[:2] or one[3] <= other[2]


def assert_unique(names: list[object]) -> None:
    assert [name for name, times in Counter(names).items() if times > 1] == []
