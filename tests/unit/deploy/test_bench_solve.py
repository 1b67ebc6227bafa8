"""The parts of ``cobuild bench solve``, on pools so small that all of it takes seconds."""

import importlib.util
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from typer.testing import CliRunner

from deploy.bench import country, hard, memory, peers, population, report, solve, teams
from deploy.bench.district import district_events
from deploy.bench.district import district_state as whole_district
from deploy.bench.loops import loop_and_dense
from deploy.bench.population import District, drawn
from deploy.commands.bench import app
from matcher.solving.market import Market
from matcher.state.pool import Frozen
from matcher.state.shard import ShardState
from schemas.catalogue import load_catalogue
from schemas.policy import Policy
from schemas.regions import Regions
from tests.builders import SHARD

CATALOGUE = load_catalogue()
COMMUNITIES = tuple(int(code) for code, _ in Regions.builtin("cn").communities(SHARD))
SMALL = District(SHARD, COMMUNITIES, 120, 60)


@cache
def pool() -> Frozen:
    return drawn(SMALL, CATALOGUE)


def market(worths: list[list[int]], *, need: list[int], supply: list[int]) -> Market:
    """Return the market of a table of worths, 0 where there is no pair."""
    line, resource = np.nonzero(np.array(worths))
    return Market(line, resource, np.array(worths)[line, resource], np.array(need), np.array(supply))


EVERY_PEER: dict[str, Callable[[Market], int]] = {
    "scipy sparse": lambda of: peers.scipy_sparse(peers.matrix_of(peers.seat_pairs(of)), peers.seat_pairs(of)),
    "scipy dense": lambda of: peers.scipy_dense(peers.dense_of(peers.seat_pairs(of))),
    "lapx": lambda of: peers.lapx_dense(peers.dense_of(peers.seat_pairs(of))),
    "flow": lambda of: peers.ortools_flow(peers.seat_pairs(of)),
    "assignment": lambda of: peers.ortools_assignment(peers.seat_pairs(of)),
    "highs": peers.highs,
}


@pytest.mark.parametrize("name", EVERY_PEER)
@pytest.mark.parametrize(
    ("worths", "need", "supply", "best"),
    [
        ([[5]], [1], [1], 5),
        ([[5, 4], [4, 1]], [1, 1], [1, 1], 8),
        ([[5, 0], [4, 0]], [1, 1], [1, 1], 5),
        ([[9, 1]], [2], [1, 1], 10),
        ([[3, 0], [2, 7]], [2, 1], [3, 1], 13),
        ([[6], [5], [4]], [1, 2, 1], [2], 11),
    ],
)
def test_each_peer_finds_the_best_by_hand(
    name: str, worths: list[list[int]], need: list[int], supply: list[int], best: int
) -> None:
    if name == "lapx":
        pytest.importorskip("lap")
    assert EVERY_PEER[name](market(worths, need=need, supply=supply)) == best


@pytest.mark.parametrize("name", EVERY_PEER)
def test_each_peer_finds_the_optimum_of_a_drawn_pool(name: str) -> None:
    if name == "lapx":
        pytest.importorskip("lap")
    ours = solve.round_of(pool(), Policy(), rivals=True)
    assert solve.certified(ours) > 0
    assert EVERY_PEER[name](ours.market) == ours.certificate.value


def test_loops_over_pairs_ask_the_same_rules() -> None:
    ours = solve.round_of(pool(), Policy(), rivals=True)
    assert loop_and_dense(pool(), Policy(), ours) == ours.certificate.value


def test_a_matching_without_proof_is_no_figure() -> None:
    ours = solve.round_of(pool(), Policy())
    unproven = replace(ours, certificate=ours.certificate.model_copy(update={"holds": False}))
    with pytest.raises(AssertionError, match="certificate"):
        solve.certified(unproven)


def test_the_country_has_the_published_size() -> None:
    districts = population.country(Regions.builtin("cn"))
    assert sum(len(one.communities) for one in districts) == population.COUNTRY_COMMUNITIES == 119_437
    assert sum(one.members for one in districts) == 8_461_000
    assert sum(one.seats for one in districts) == 4_200_000
    assert len({one.shard for one in districts}) == len(districts) > 2_800
    assert all(str(code).startswith(one.shard) for one in districts for code in one.communities)


def test_a_district_is_drawn_the_same_each_time_and_another_by_another_seed() -> None:
    again, other = drawn(SMALL, CATALOGUE), drawn(replace(SMALL, seed=1), CATALOGUE)
    assert (again.resources == pool().resources).all()
    assert (again.demands == pool().demands).all()
    assert (other.resources != pool().resources).any()


@pytest.mark.parametrize("seats", [1, 2, 3, 60])
def test_a_district_asks_for_the_seats_that_were_said(seats: int) -> None:
    frozen = drawn(replace(SMALL, seats=seats), CATALOGUE)
    assert frozen.lines["quantity"].sum() == seats
    assert frozen.lines["quantity"].min() >= 1
    assert len(frozen.resources) == SMALL.members


def test_of_one_category_nearly_every_pair_is_allowed() -> None:
    frozen = drawn(SMALL, CATALOGUE, category=hard.CATEGORY)
    found = solve.round_of(frozen, Policy(), rivals=True)
    assert found.allowed > 0.8 * len(frozen.lines) * len(frozen.resources)


@pytest.mark.parametrize(("share", "count"), [(1, 10), (0.5, 5), (0.25, 2), (0.0005, 1)])
def test_a_share_is_of_all_sizes_largest_first(share: float, count: int) -> None:
    districts = [replace(SMALL, members=members) for members in range(1, 11)]
    some = [one.members for one in country.sampled(districts, share)]
    assert some == sorted(set(some), reverse=True)
    assert len(some) == count
    assert sum(some) / count == pytest.approx(5.5, abs=1)


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_an_exponent_is_found_again(power: float) -> None:
    assert country.exponent([7 * (2**doubling) ** power for doubling in range(5)]) == pytest.approx(power)


def test_growth_is_judged_by_the_fit_and_tells_the_steepest_doubling() -> None:
    once_slow = country._growth_goal("time", [1, 2, 4, 8.8, 16])
    assert once_slow.reached
    assert "2.20 x at the steepest" in once_slow.text
    missed = country._growth_goal("time", [1, 2.2, 4.9, 10.6])
    assert not missed.reached
    assert "2.20 x by the fitted exponent of 1.14" in missed.text


def test_a_district_measured_is_certified_and_scipy_agrees() -> None:
    measured = country._measured(SMALL, beside=True)
    assert measured.certified
    assert measured.value == solve.round_of(pool(), Policy()).certificate.value
    assert (measured.seats, measured.bare > 0, measured.peak > 0) == (60, True, True)


def test_category_by_category_scipy_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    value = solve.round_of(pool(), Policy()).certificate.value
    monkeypatch.setattr(country, "WHOLE", 0)
    board, seats = solve.opened(pool(), Policy())
    portions = list(country._portions(board, seats))
    assert len(portions) > 1
    assert sorted(np.concatenate(portions).tolist()) == seats.lines.tolist()
    assert country._bare(pool(), Policy(), value) > 0


def test_another_optimum_is_an_error() -> None:
    with pytest.raises(AssertionError, match="SciPy found"):
        country._bare(pool(), Policy(), 1)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads in place of processes, that each would import everything anew."""
    monkeypatch.setattr(country, "_processes", ThreadPoolExecutor)


@pytest.mark.usefixtures("in_this_process")
def test_the_country_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(country, "country", lambda _: [replace(SMALL, seed=seed) for seed in range(4)])
    found = country.run(share=0.5)
    assert [figure.value for figure in found.figures if figure.name == "districts"] == [2]
    assert [goal.reached for goal in found.goals][1:] == [True, True]


@pytest.mark.usefixtures("in_this_process")
def test_growth_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(country, "DOUBLINGS", 3)
    monkeypatch.setattr(country, "typical", lambda *_: SMALL)
    found = country.growth()
    assert [figure.name for figure in found.figures[::2]] == [f"{size} districts: time" for size in (1, 2, 4)]
    assert [goal.text.split(":")[0].split(" x ")[1] for goal in found.goals] == ["the time", "the memory"]


def test_the_hard_district_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard, "MEMBERS", 3_000)
    monkeypatch.setattr(hard, "SEATS", 200)
    found = hard.run(repeats=1)
    assert [figure.note for figure in found.figures].count("same optimum") == 2
    assert all(figure.value >= 0 for figure in found.figures)


def test_teams_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "typical", lambda *_: District(SHARD, COMMUNITIES, 600, 200))
    found = teams.run(repeats=1)
    ours, plain, whole, *_ = found.figures
    assert (ours.name, plain.name, plain.note) == (teams.OURS, teams.PLAIN, "same optimum")
    assert " 0 teams" not in whole.note
    assert all(goal.reached for goal in found.goals)


def test_highs_finds_the_same_where_teams_do_not_all_fit() -> None:
    scarce = District(SHARD, COMMUNITIES, 60, 120)
    frozen = drawn(scarce, CATALOGUE, category="health")
    lines = frozen.lines.copy()
    lines["together"] = lines["quantity"] > 1
    frozen, policy = replace(frozen, lines=lines), Policy()
    matching = solve.round_of(frozen, policy)
    assert matching.staffing is not None
    assert teams.worth(matching) == teams.plain(frozen, policy)
    assert 0 < matching.given()[lines["together"]].sum() < lines["quantity"][lines["together"]].sum()


def test_the_district_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lap")
    monkeypatch.setattr(solve, "district_state", small_district)
    found = solve.run(repeats=1)
    assert [figure.note for figure in found.figures].count("same optimum") == 7


def test_a_peer_that_disagrees_stops_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lap")
    monkeypatch.setattr(solve, "district_state", small_district)
    monkeypatch.setattr(solve, "highs", lambda _: 1)
    with pytest.raises(AssertionError, match="HiGHS, linear program over pairs found 1"):
        solve.run(repeats=1)


def small_district(*, shard: str, catalogue: object, regions: Regions) -> ShardState:
    """As ``district_state`` of the bench, with a few entries."""
    few = partial(district_events, members=60, seats=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploy.bench.district.district_events", few)
        return whole_district(shard=shard, catalogue=CATALOGUE, regions=regions)


def test_tasks_take_turns() -> None:
    turns: list[str] = []
    found = report.in_turns({name: partial(turns.append, name) for name in "ab"}, repeats=2)
    assert "".join(turns) == "ababab"
    assert set(found) == {"a", "b"}


def test_a_peak_is_remembered_until_it_is_forgotten() -> None:
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("this system does not let a peak be forgotten")
    memory.forget_peak()
    before = memory.peak_mib()
    held = np.ones(64 * 2**17)  # 64 MiB
    del held
    assert memory.peak_mib() > before + 60
    memory.forget_peak()
    assert memory.peak_mib() < before + 30


def test_a_part_that_there_is_not_is_refused() -> None:
    outcome = CliRunner().invoke(app, ["solve", "--only", "district,nonsense"])
    assert outcome.exit_code == 2
    assert "nonsense is none of district, hard, teams, country, growth" in " ".join(
        outcome.output.replace("│", " ").split()
    )


def test_without_peers_it_says_what_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "lap" else importlib.util.find_spec(name))
    outcome = CliRunner().invoke(app, ["solve", "--only", "growth"])
    assert outcome.exit_code == 1
    assert "no module lap to compare with: make setup-dev" in outcome.output


@pytest.mark.usefixtures("in_this_process")
def test_parts_are_run_as_asked(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(country, "DOUBLINGS", 2)
    monkeypatch.setattr(country, "typical", lambda *_: SMALL)
    monkeypatch.setattr(peers, "find_spec", lambda name: name)
    where = tmp_path_factory.mktemp("bench")
    outcome = CliRunner().invoke(app, ["solve", "--only", "growth", "--out-dir", str(where)])
    assert outcome.exit_code == 0, outcome.output
    assert [path.name for path in where.iterdir()] == ["solve-growth.json"]
