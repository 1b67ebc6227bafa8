"""Claims on a live log: settled by the next round, kept by snapshots, replayed equal, told alike by every explainer."""

from schemas.demands import Urgency
from schemas.policy import Policy
from streams.clock import FakeClock
from streams.explainer import Explainer
from streams.follower import FollowingExplainer
from streams.replay import replay
from tests.builders import HAIR, NOON, SHARD, SMALL_CATALOGUE, at, claimed, dropped, line, offered, posted
from tests.fakes.crashes import FakeSnapshots
from tests.fakes.log import FakeLog
from tests.loops import dumps, loop_on, proposals, refolded, refusals, rounds, tell, words

FIRST, SECOND, LATE = (
    claimed("d2", "r1", by="provider", claim_id="c1"),
    claimed("d1", "r1", by="requester", claim_id="c2"),
    claimed("d1", "r1", claim_id="c3"),
)


async def outcomes(log: FakeLog) -> dict[str, str]:
    return {claim.claim_id: claim.outcome for decided in await rounds(log) for claim in decided.claims}


async def test_the_next_round_settles_claims_and_publishes_what_a_provider_took_as_confirmed() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, offered("r1"), posted("d1", urgency=Urgency.URGENT), posted("d2"), FIRST, SECOND)
    await loop.step(NOON)
    (given,) = await proposals(log)
    assert (given.demand_id, given.terms["claim"]) == ("d2", Policy().claim.bonus)
    assert await outcomes(log) == {"c1": "honoured", "c2": "claimed_before"}
    assert await words(log, given) == ["proposed", "confirmed"]
    await loop.close()


async def test_a_claim_alone_makes_a_round_due() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, offered("r1"), posted("d1"))
    await loop.step(NOON)
    await tell(log, LATE)
    await loop.step(at(0.1))
    assert await outcomes(log) == {"c3": "filled"}
    await loop.close()


async def test_what_cannot_be_goes_to_dead_letters() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, dropped(FIRST), FIRST, FIRST.model_copy(update={"resource_id": "r2"}))
    await loop.step(NOON)
    topic = "cobuild.responses.v1"
    assert await refusals(log) == [(topic, "duplicate_id"), (topic, "not_found")]
    await loop.close()


async def test_a_restart_goes_on_where_it_was_and_the_log_replays_equal() -> None:
    log, store = FakeLog(), FakeSnapshots()
    loop = loop_on(log, snapshots=store)
    await tell(log, offered("r1"), FIRST)  # waits for its demand
    await loop.step(NOON)
    await loop.close()
    loop = loop_on(log, snapshots=store)
    await tell(log, posted("d1", urgency=Urgency.URGENT), posted("d2"), SECOND, dropped(SECOND))
    await loop.step(at(0.1))
    assert await outcomes(log) == {"c1": "honoured"}
    assert dumps(loop.host) == dumps(await refolded(log))
    report = await replay(log, SMALL_CATALOGUE, lambda ref: Policy())
    assert (report.equal, report.all_equal) == (2, True)
    await loop.close()


async def test_while_a_claim_is_open_every_explainer_reckons_with_it() -> None:
    log = FakeLog()
    loop = loop_on(log)
    await tell(log, posted("d1", line(HAIR, siblings=False)), posted("d2"))
    await loop.step(NOON)
    await tell(log, offered("r1"), FIRST)
    await loop.step(NOON)  # reads them; a round is not due yet
    clock = FakeClock(at(0.1))
    owner = Explainer(loop.host, clock)
    follower = FollowingExplainer(
        log=log, snapshots=None, catalogue=SMALL_CATALOGUE, policy=Policy(), clock=clock, warm=1
    )
    for demand_id in ("d1", "d2"):
        assert await follower.why_demand(demand_id, SHARD) == await owner.why_demand(demand_id, SHARD)
    claimed_one, other = [(await owner.why_demand(name, SHARD)).lines[0] for name in ("d2", "d1")]
    assert (claimed_one.verdict, other.verdict) == ("next_round", "outbid")
    assert claimed_one.best_value == other.best_value + Policy().claim.bonus  # type: ignore[operator]
    await follower.close()
    await loop.close()
