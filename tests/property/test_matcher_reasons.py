"""The reasons told are true: counted by the oracle, and tried out by deciding again."""

from collections import Counter

from hypothesis import given

from schemas.base import Fact
from schemas.demands import Demand, DemandPosted, Urgency
from schemas.policy import Pace, Policy
from schemas.why import LineWhy
from tests.builders import SMALL_CATALOGUE, at
from tests.property.optimum import Team, best_total, teams_of
from tests.property.oracle import Book, Pool
from tests.property.strategies import FEWER, policies, pools
from tests.town import Town


@FEWER
@given(facts=pools(), policy=policies())
def test_every_resource_of_the_category_is_counted_under_the_rule_it_fails_first(
    facts: list[Fact], policy: Policy
) -> None:
    town, book = Town(*facts, policy=policy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    pool = book.pool(at(), policy)
    given_seats = Counter((p.demand_id, p.line) for p in town.decide().proposals)
    for name, demand in book.demands.items():
        for number, told in enumerate(town.why(name).lines):
            waits = (name, number) in pool.waiting
            short = 0 if waits else pool.need.get((name, number), 0) - given_seats[name, number]
            team = next((team for team in teams_of(demand) if (name, number) in team), None)
            # What could be had if nobody else asked: all lines but those of the team are left out.
            can_meet = team is not None and alone(pool, team) > 0
            assert told.verdict in verdicts(demand, short, in_team=team is not None, can_meet=can_meet)
            assert_counted(book, pool, told, name, number, policy)
            assert (told.at_best is not None) == (team is not None and short > 0)


def verdicts(demand: Demand, short: int, *, in_team: bool, can_meet: bool) -> tuple[str, ...]:
    """Return what may be said of a line of a fresh demand that is ``short`` of so many seats after the round."""
    if demand.lapses_at <= at():
        return ("lapsed",)
    if short and in_team:
        return ("outbid",) if can_meet else ("incomplete", "no_candidate")
    return ("outbid", "no_candidate") if short else ("next_round",)


def alone(pool: Pool, team: Team) -> int:
    """Return the most that the team could be worth if nobody else asked for anything; 0 where it cannot meet."""
    if team not in pool.teams:
        return 0
    worth = {pair: worth.total for pair, worth in pool.pairs.items()}
    need = {place: pool.need[place] for place in team}
    return best_total(need, pool.supply, worth, teams={team: pool.teams[team]})


def assert_counted(book: Book, pool: Pool, told: LineWhy, name: str, number: int, policy: Policy) -> None:
    category = told.item.split(".", maxsplit=1)[0]
    kin = [r for r, resource in book.resources.items() if resource.item.startswith(f"{category}.")]
    failing = Counter(book.first_failing((name, number, resource), pool.supply, at(), policy) for resource in kin)
    passing = failing.pop(None, 0)
    own = passing - told.eligible  # all their seats go to this very line
    assert (own == 0) or told.verdict in ("outbid", "no_candidate")
    assert told.considered == len(kin)
    assert Counter(told.failing) == failing + Counter(seats=own)
    if not pool.teams:
        assert (told.verdict == "outbid") == (told.short_by is not None)
    if told.verdict == "no_candidate":
        assert told.eligible == 0


@FEWER
@given(facts=pools(), policy=policies())
def test_whoever_is_outbid_wins_another_seat_by_more_than_the_gap_and_not_by_less(
    facts: list[Fact], policy: Policy
) -> None:
    """Only the demand in question is urgent, so that raising the weight of urgency raises it alone."""
    book = Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    for name, demand in book.demands.items():
        if len(demand.lines) == 1:
            one_round = policy.model_copy(update={"pace": Pace()})
            assert_gap_is_true([alone_urgent(fact, name) for fact in facts], name, one_round)


def alone_urgent(fact: Fact, name: str) -> Fact:
    if not isinstance(fact, DemandPosted):
        return fact
    urgency = Urgency.URGENT if fact.demand.demand_id == name else Urgency.NORMAL
    return DemandPosted(demand=fact.demand.model_copy(update={"urgency": urgency}))


def assert_gap_is_true(facts: list[Fact], name: str, policy: Policy) -> None:
    town = Town(*facts, policy=policy)
    told = town.why_line(name)
    if told.short_by is None:
        return

    def seats(*, raised_by: int) -> int:
        urgent = policy.urgency.urgent + raised_by
        dearer = policy.model_copy(update={"urgency": policy.urgency.model_copy(update={"urgent": urgent})})
        return sum(proposal.demand_id == name for proposal in town.decide(policy=dearer).proposals)

    now = seats(raised_by=0)
    assert seats(raised_by=told.short_by + 1) > now
    if told.short_by > 1 and "worth" not in told.failing:  # a raise may also make a worthless pair worth something
        assert seats(raised_by=told.short_by - 1) == now
