"""Teams: the programme finds the optimum on any market, and where it is not asked the best known is still sound."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.round import staffing
from matcher.solving import programme
from matcher.solving.market import Market
from matcher.solving.programme import Choice
from schemas.base import Fact
from schemas.policy import Pace, Policy
from schemas.rounds import RoundDecided
from tests.builders import SMALL_CATALOGUE, at
from tests.property.agreement import assert_seats_are_single, assert_teams_are_whole, assert_true, put_off
from tests.property.large import as_if_large
from tests.property.optimum import Pair, Team, best_total
from tests.property.oracle import Book, Pool
from tests.property.strategies import FEWER, policies, pools
from tests.property.test_matcher_markets import markets
from tests.town import Town

Occasions = dict[Team, list[set[Pair]]]


@given(of=markets(), data=st.data())
def test_the_programme_finds_the_best_teams_whatever_their_occasions(of: Market, data: st.DataObject) -> None:
    """Some lines in teams of one or two, each with up to three sets of pairs that can start together."""
    lines, pairs = len(of.need), len(of.line)
    groups = [tuple(range(lines))[start : start + 2] for start in range(0, data.draw(st.integers(0, lines)), 2)]
    in_team = {line for group in groups for line in group}
    choices: list[Choice] = []
    for number, group in enumerate(groups):
        mine = [pair for pair in range(pairs) if of.line[pair] in group]
        for _ in range(data.draw(st.integers(1, 3))):
            able = [pair for pair in mine if data.draw(st.integers(0, 3))]
            if all(sum(of.supply[of.resource[p]] for p in able if of.line[p] == line) > 0 for line in group):
                choices.append(Choice(number, np.array(able, np.int64)))
    ordinary = np.array([pair for pair in range(pairs) if int(of.line[pair]) not in in_team], np.int64)
    if not choices:
        return
    found = programme.solve(of, ordinary=ordinary, choices=choices, nodes=1_000)
    assert found.bound == optimum(of, groups, choices)
    assert found.yes is not None
    made = [choices[place] for place in found.yes]
    assert max(Counter(choice.team for choice in made).values(), default=1) == 1
    assert optimum(of, groups, made) == found.bound


def optimum(of: Market, groups: list[tuple[int, ...]], choices: list[Choice]) -> int:
    """Return the best total by trying everything."""
    named: list[Pair] = [
        ("", line, str(resource)) for line, resource in zip(of.line.tolist(), of.resource.tolist(), strict=True)
    ]
    teams: Occasions = {
        tuple(("", line) for line in group): [
            {named[pair] for pair in choice.pairs} for choice in choices if choice.team == number
        ]
        for number, group in enumerate(groups)
        if any(choice.team == number for choice in choices)
    }
    hopeless = {line for number, group in enumerate(groups) for line in group} - {
        place[1] for team in teams for place in team
    }
    worth = dict(zip(named, of.worth.tolist(), strict=True))
    return best_total(
        {("", line): seats for line, seats in enumerate(of.need.tolist()) if line not in hopeless},
        {str(resource): seats for resource, seats in enumerate(of.supply.tolist())},
        {pair: points for pair, points in worth.items() if pair[1] not in hopeless},
        teams=teams,
    )


@FEWER
@given(facts=pools(), policy=policies(), nodes=st.sampled_from([0, 1]))
def test_what_is_too_large_or_takes_too_long_is_sound_and_says_by_how_much_it_may_be_short(
    facts: list[Fact], policy: Policy, nodes: int
) -> None:
    """With ``nodes`` 0 no programme is tried at all; with 1, only one branch."""
    hasty = policy.model_copy(update={"pace": Pace(most_seats=policy.pace.most_seats, team_nodes=1)})
    town, book = Town(*facts, policy=hasty), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    pool = book.pool(at(), hasty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staffing, "MOST_COLUMNS", staffing.MOST_COLUMNS * nodes)
        decided = town.decide(at())
    assert_sound(book, pool, decided, hasty)


@FEWER
@given(facts=pools(most=5), policy=policies(), spare=st.integers(0, 2), together=st.booleans())
def test_a_large_pool_with_teams_is_sound_and_says_by_how_much_it_may_be_short(
    facts: list[Fact], policy: Policy, spare: int, together: bool
) -> None:
    town, book = Town(*facts, policy=policy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    with as_if_large(spare=spare, together=together):
        decided = town.decide(at())
    pool = book.pool(at(), policy)
    assert_sound(book, pool, decided, policy)
    assert decided.size.pairs == len(pool.pairs)
    assert decided.size.left_out == len(pool.waiting) + len(put_off(book, pool, decided))
    # What holds no team is proven as ever, from prices that hold for all pairs.
    in_parts = {(line.demand_id, line.line) for part in decided.team_parts for line in part.lines}
    assert in_parts >= {place for team in pool.teams for place in team}
    outside = {pair: worth.total for pair, worth in pool.pairs.items() if pair[:2] not in in_parts}
    assert decided.certificate.value == best_total(pool.need, pool.supply, outside)


def assert_sound(book: Book, pool: Pool, decided: RoundDecided, policy: Policy) -> None:
    """Assert that no rule is broken, no team half filled, and that the bounds hold."""
    assert_true(book, pool, decided, now=at(), policy=policy)
    assert_teams_are_whole(book, decided, {})
    assert_seats_are_single(book, decided, {})
    value = sum(proposal.value for proposal in decided.proposals)
    bound = decided.certificate.value + sum(part.bound for part in decided.team_parts)
    assert decided.certificate.holds
    assert value <= pool.optimum() <= bound
    assert all(part.certified == (part.value == part.bound) for part in decided.team_parts)
