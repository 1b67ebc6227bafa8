"""A town that lives through drawn events, with the oracle's book beside it.

Each method draws one thing that can happen and lets it happen to both.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from hypothesis import strategies as st

from matcher.state import snapshot
from matcher.state.alarms import next_alarm_ms
from matcher.state.columns import FOREVER
from matcher.state.fold import Fold, from_ms
from schemas.base import Fact
from schemas.claims import Side
from schemas.demands import Demand, DemandPosted, DemandRevised
from schemas.policy import Policy
from schemas.refusals import Refused
from schemas.resources import Resource, ResourceOffered, ResourceRevised
from schemas.rounds import Proposal, RoundDecided
from tests.builders import (
    NOON,
    SMALL_CATALOGUE,
    claimed,
    demand_gone,
    dropped,
    resource_gone,
    suspended,
    whistled,
)
from tests.property.agreement import assert_agreed
from tests.property.oracle import Book
from tests.property.strategies import SCOPES, demands, lines, resources, windows
from tests.town import Answer, Town

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]

MOST = 5
"""Of each list; more would only make the oracle slow."""


class Life:
    """A town, its book, the time, and everything that was ever proposed or refused for good."""

    def __init__(self, policy: Policy, *, judged: bool = True) -> None:
        self.policy, self.judged = policy, judged
        self.town, self.book = Town(policy=policy), Book(SMALL_CATALOGUE)
        self.now = NOON
        self.proposed: list[Proposal] = []
        self.noes: set[tuple[str, str]] = set()

    # -- news -----------------------------------------------------------------------------------------------

    def tell(self, fact: Fact) -> None:
        """Tell both sides a fact that is news."""
        assert self.town.tell(fact) is Fold.APPLIED
        self.book.read(fact)

    def offer(self, draw: Draw) -> None:
        if len(self._resources()) < MOST:
            self.tell(ResourceOffered(resource=draw(resources(f"r{len(self.book.resources)}", since=self.now))))

    def post(self, draw: Draw) -> None:
        if sum(self.book.demands[name].lapses_at > self.now for name in self._demands()) < MOST:
            self.tell(DemandPosted(demand=draw(demands(f"d{len(self.book.demands)}", since=self.now))))

    def revise_resource(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._resources()):
            before, version = self.book.resources[name], self.book.versions[name] + draw(st.integers(1, 2))
            self.tell(ResourceRevised(resource=draw(resource_after(before, version, self.now))))

    def revise_demand(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._demands()):
            before, version = self.book.demands[name], self.book.versions[name] + draw(st.integers(1, 2))
            self.tell(DemandRevised(demand=draw(demand_after(before, version, self.now))))

    def suspend(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._resources()):
            self.tell(suspended(name, version=self.book.versions[name] + 1))

    def whistle(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._demands()):
            self.tell(whistled(name, version=self.book.versions[name] + 1))

    def withdraw_resource(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._resources()):
            self.tell(resource_gone(name, version=self.book.versions[name] + 1))

    def withdraw_demand(self, draw: Draw) -> None:
        if name := self._one_of(draw, self._demands()):
            self.tell(demand_gone(name, version=self.book.versions[name] + 1))

    def answer(self, draw: Draw) -> None:
        """Answer some proposal, mostly one that lives."""
        live = [promise.proposal for _, promise in sorted(self.book.live.items())]
        if self.proposed:
            proposal = draw(st.sampled_from(3 * live + self.proposed[-2:]))
            self.town.answer(proposal, draw(st.sampled_from(get_args(Answer))))
            self.book.read(self.town.journal[-1].event.data)

    def claim(self, draw: Draw) -> None:
        """Claim any pair, open or closed, now and then of entries that nobody knows."""
        pair = (
            draw(st.sampled_from([*self.book.demands, "d-unknown"])),
            draw(st.sampled_from([*self.book.resources, "r-unknown"])),
        )
        by, number = draw(st.sampled_from(get_args(Side))), len(self.book.claims)
        made = claimed(*pair, line=draw(st.sampled_from([0, 0, 1])), by=by, claim_id=f"c{number}")
        self.tell(made.model_copy(update={"at": self.now}))

    def drop_claim(self, draw: Draw) -> None:
        if name := self._one_of(draw, sorted(self.book.claims.keys() - self.book.dropped)):
            self.tell(dropped(self.book.claims[name]))

    # -- what is no news --------------------------------------------------------------------------------------

    def hear_again(self, draw: Draw) -> None:
        """A record comes once more, at a later offset: nothing changes but the offset."""
        if self.town.journal:
            known = draw(st.sampled_from(self.town.journal)).event
            before = self.without_offsets()
            try:
                assert self.town.fold(known) in (Fold.SEEN, Fold.VOID)
            except Refused as refused:
                assert refused.code in ("stale_version", "already_withdrawn", "not_found", "duplicate_id")
            assert self.without_offsets() == before

    def hear_nonsense(self, draw: Draw) -> None:
        """An event that cannot be is refused: nothing changes but the offset."""
        fact, codes = draw(st.sampled_from(self._nonsense()))
        before = self.without_offsets()
        try:
            self.town.tell(fact)
        except Refused as refused:
            assert refused.code in codes
        else:
            raise AssertionError(f"{fact} was not refused")
        assert self.without_offsets() == before

    def _nonsense(self) -> list[tuple[Fact, tuple[str, ...]]]:
        found: list[tuple[Fact, tuple[str, ...]]] = [
            (whistled("nobody", version=3), ("not_found",)),
            (suspended("nobody", version=3), ("not_found",)),
            (dropped(claimed(claim_id="nobody")), ("not_found",)),
        ]
        for name, version in self.book.versions.items():
            gone = whistled if name in self.book.demands else suspended
            if version > 1:
                found.append((gone(name, version=version - 1), ("stale_version",)))
            if name in self.book.demands_gone | self.book.resources_gone:
                found.append((gone(name, version=version + 9), ("already_withdrawn",)))
        others = [claim.model_copy(update={"resource_id": "r-other"}) for claim in self.book.claims.values()]
        found += [(claim, ("duplicate_id",)) for claim in others]
        return found

    # -- time and rounds ----------------------------------------------------------------------------------------

    def wait(self, draw: Draw) -> None:
        self.now += timedelta(minutes=draw(st.sampled_from([1, 30, 30, 60, 180])))

    def wait_for_alarm(self) -> None:
        """Go on to the moment at which a round is due by time alone, and decide it."""
        alarm = next_alarm_ms(self.town.state)
        if alarm < FOREVER:
            self.now = max(self.now, from_ms(alarm))
            self.round()

    def round(self) -> RoundDecided:
        """Decide a round and read it back; where ``judged``, hold it against the oracle and all that must hold."""
        if self.judged:
            decided = self.town.decide(self.now)
            assert_agreed(self.book, self.town, decided, now=self.now, policy=self.policy)
            assert self.town.restored().decide(self.now) == decided
        decided = self.town.round(self.now)
        self._remember_noes(decided)
        self.book.read(decided)
        self.proposed += decided.proposals
        if self.judged:
            assert not self.noes & {(p.demand_id, p.resource_id) for p in decided.proposals}
            self._assert_gone_is_gone()
            self._assert_alarm_lies_ahead()
        return decided

    def _remember_noes(self, decided: RoundDecided) -> None:
        self.noes |= {
            (moved.demand_id, moved.resource_id) for moved in decided.transitions if moved.reason == "declined"
        }

    def _assert_gone_is_gone(self) -> None:
        live = [promise.proposal for promise in self.book.live.values()]
        assert set(self.town.state.rounds.row_of) == set(self.book.live)
        assert not self.book.resources_gone & {proposal.resource_id for proposal in live}
        assert not self.book.demands_gone & {proposal.demand_id for proposal in live}

    def _assert_alarm_lies_ahead(self) -> None:
        expected, found = self.book.alarm(self.now), next_alarm_ms(self.town.state)
        assert found == FOREVER if expected is None else from_ms(found) == expected
        assert expected is None or expected > self.now

    # -- snapshots --------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Go on from a snapshot."""
        before = snapshot.dump(self.town.state)
        self.town = self.town.restored()
        assert snapshot.dump(self.town.state) == before

    def assert_replayed(self) -> None:
        """Assert that the journal alone leads to the same state, whatever snapshots lay between."""
        assert snapshot.dump(self.town.retold(self.town.journal)) == snapshot.dump(self.town.state)

    def without_offsets(self) -> bytes:
        """Return the state as bytes, as if nothing had been read yet."""
        copy = snapshot.load(snapshot.dump(self.town.state), SMALL_CATALOGUE)
        copy.offsets = {}
        return snapshot.dump(copy)

    def _resources(self) -> list[str]:
        return sorted(self.book.resources.keys() - self.book.resources_gone)

    def _demands(self) -> list[str]:
        return sorted(self.book.demands.keys() - self.book.demands_gone)

    @staticmethod
    def _one_of(draw: Draw, names: list[str]) -> str | None:
        return str(draw(st.sampled_from(names))) if names else None


@st.composite
def resource_after(draw: st.DrawFn, before: Resource, version: int, now: datetime) -> Resource:
    """Draw a later version of a resource: one thing changed, or everything."""
    if draw(st.booleans()):
        return draw(resources(before.resource_id, version=version, since=now))
    change: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"capacity": 1 if before.provider.startswith("member:") else draw(st.integers(1, 3))},
                {"windows": (draw(windows(since=now)),)},
                {"scope": draw(SCOPES)},
                {"renewable": not before.renewable, "per_occasion": False},
                {"renewable": True, "per_occasion": not before.per_occasion},
            ]
        )
    )
    return Resource(**before.model_dump() | {"version": version} | change)


@st.composite
def demand_after(draw: st.DrawFn, before: Demand, version: int, now: datetime) -> Demand:
    """Draw a later version of a demand: lines or duration changed, or everything."""
    if draw(st.booleans()):
        return draw(demands(before.demand_id, version=version, since=now))
    change: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"lines": tuple(line.model_copy(update={"quantity": 1}) for line in before.lines)},
                {"lines": before.lines[:1]},
                {"lines": (*before.lines[:1], draw(lines()))},
                {"duration_minutes": draw(st.sampled_from([30, 60, 90]))},
                {"risky": not before.risky},
                {"bundle": not before.bundle},
                {"lines": tuple(line.model_copy(update={"together": not line.together}) for line in before.lines)},
                {"lines": tuple(line.model_copy(update={"quantity": line.quantity + 1}) for line in before.lines)},
            ]
        )
    )
    return Demand(**before.model_dump() | {"version": version} | change)


def lived(draw: Draw, policy: Policy, *, steps: int) -> Life:
    """Return a life of so many drawn steps, with rounds among them that nobody judges."""
    life = Life(policy, judged=False)
    happenings: list[Callable[[Draw], None]] = [
        life.offer, life.post, life.offer, life.post, life.revise_resource, life.revise_demand, life.suspend,
        life.whistle, life.withdraw_resource, life.withdraw_demand, life.answer, life.answer, life.answer,
        life.hear_again, life.hear_nonsense, life.wait,
    ]  # fmt: skip
    for _ in range(steps):
        draw(st.sampled_from(happenings))(draw)
        if draw(st.booleans()):
            life.round()
    return life
