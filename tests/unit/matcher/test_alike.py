"""Which resources no rule and no value can tell apart."""

import numpy as np
import pytest

from matcher.pairs.rules import Board, board_of
from matcher.solving import alike
from matcher.solving.alike import ASIDE, Alike
from matcher.state.columns import Ints
from matcher.state.fold import to_ms
from matcher.state.pool import freeze
from matcher.state.resources import ROW
from schemas.policy import LoadWeights, Policy
from schemas.resources import AccessMode
from tests.builders import HAIR, HERE, LICENCE, MEAL, SAME_STREET, at, line, offered, posted, window
from tests.town import Town


@pytest.fixture(autouse=True)
def _always_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "PAYS", 1)


def board(town: Town, policy: Policy | None = None) -> Board:
    return board_of(freeze(town.state), policy=policy or Policy(), now_ms=to_ms(at()))


def everybody(of: Board) -> Ints:
    return np.arange(len(of.frozen.resources))


def test_twins_are_one_class_and_the_first_stands_for_it() -> None:
    of = board(Town(offered("r0", item=HAIR), offered("r1", item=MEAL), offered("r2", item=HAIR)))
    classes = Alike.of(of, everybody(of))
    assert classes.first.tolist() == [0, 1]
    assert classes.members.tolist() == [0, 2, 1]
    assert (classes.start.tolist(), classes.size.tolist()) == ([0, 2], [2, 1])
    assert classes.number.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "difference",
    [
        {"item": MEAL},
        {"home": SAME_STREET},
        {"scope": (HERE,)},
        {"windows": (window(1, 2),)},
        {"notice_minutes": 30},
        {"qualifications": (LICENCE,)},
        {"access": AccessMode.BOOKING},
    ],
)
def test_whatever_a_rule_or_a_term_reads_sets_apart(difference: dict[str, object]) -> None:
    of = board(Town(offered("r0", item=HAIR), offered("r1", **{"item": HAIR} | difference)))
    assert Alike.of(of, everybody(of)).size.tolist() == [1, 1]


@pytest.mark.parametrize("difference", [{"capacity": 5}, {"auto_accept": True}, {"provider": "member:other"}])
def test_what_none_reads_does_not(difference: dict[str, object]) -> None:
    of = board(Town(offered("r0", item=HAIR), offered("r1", item=HAIR, **difference)))
    assert Alike.of(of, everybody(of)).size.tolist() == [2]


def test_who_has_said_no_to_somebody_stands_alone() -> None:
    town = Town(*(offered(f"r{number}", item=HAIR) for number in range(3)), posted("d0", line(HAIR)))
    (given,) = town.round(at()).proposals
    town.answer(given, "declined")
    town.round(at(1))
    of = board(town)
    classes = Alike.of(of, everybody(of))
    refused = of.frozen.resource_ids.index(given.resource_id)
    assert sorted(classes.size.tolist()) == [1, 2]
    assert classes.size[classes.number[refused]] == 1


def test_load_sets_providers_apart_where_the_policy_weighs_it() -> None:
    town = Town(offered("r0", item=HAIR), offered("r1", item=HAIR), posted("d0", line(HAIR)))
    town.round(at())
    every = Alike.of(board(town), np.arange(2))
    assert every.size.tolist() == [2]
    weighed = Policy(load=LoadWeights(per_assignment=10))
    assert Alike.of(board(town, weighed), np.arange(2)).size.tolist() == [1, 1]


def test_only_those_asked_about_have_a_class() -> None:
    of = board(Town(*(offered(f"r{number}", item=HAIR) for number in range(4))))
    classes = Alike.of(of, np.array([1, 3]))
    assert classes.number.tolist() == [-1, 0, -1, 0]
    assert classes.first.tolist() == [1]


def test_members_are_taken_in_turn_from_any_on() -> None:
    of = board(Town(*(offered(f"r{number}", item=HAIR if number != 2 else MEAL) for number in range(5))))
    classes = Alike.of(of, everybody(of))
    taken = classes.some(np.array([0, 1, 0]), take=np.array([3, 1, 2]), skip=np.array([2, 0, 0]))
    assert taken.tolist() == [3, 4, 0, 2, 0, 1]


def test_the_cheapest_of_a_class_come_first() -> None:
    of = board(Town(*(offered(f"r{number}", item=HAIR if number != 2 else MEAL) for number in range(5))))
    classes = Alike.of(of, everybody(of))
    assert classes.cheapest_first(np.array([7, 0, 9, 7, 3])).tolist() == [1, 4, 0, 3, 2]


def test_columns_left_aside_exist() -> None:
    assert {name for name, _ in ROW} > ASIDE


def test_apart_every_one_is_a_class() -> None:
    of = board(Town(offered("r0", item=HAIR), offered("r1", item=HAIR)))
    assert Alike.apart(of, everybody(of)).size.tolist() == [1, 1]


def test_where_few_are_alike_all_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "PAYS", 0.5)
    of = board(Town(offered("r0", item=HAIR), offered("r1", item=MEAL), offered("r2", item=HAIR)))
    assert Alike.of(of, everybody(of)).size.tolist() == [1, 1, 1]
