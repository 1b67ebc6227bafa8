"""Offers, declines and scarcity: what is told of a round not decided is what whole rounds would say."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from matcher.reasons.declining import preview_decline
from matcher.reasons.offers import demands_for, preview_offer
from matcher.reasons.scarcity import price_board
from matcher.reasons.solved import Solved, solved
from matcher.state.pool import freeze
from schemas.base import Fact
from schemas.demands import Fitness
from schemas.policy import LoadWeights, Policy
from schemas.preview import Chance, OfferPreview
from schemas.resources import Resource, ResourceOffered
from tests.builders import at, resource, resource_gone
from tests.property.strategies import FEWER, claims, policies, pools, resources
from tests.property.test_matcher_previews import whole
from tests.town import Town

NEWCOMER = "z-new"


def round_of(town: Town) -> Solved:
    return solved(freeze(town.state), now=at(), policy=town.policy)


def value(town: Town) -> int:
    return town.decide().value


def calm(policy: Policy) -> Policy:
    """Return the policy without a bound on a round and without weight on load, which a decline changes for all."""
    return whole(policy).model_copy(update={"load": LoadWeights()})


@FEWER
@given(facts=pools(teams=False), offer=resources(NEWCOMER), policy=policies().map(whole), data=st.data())
def test_an_offer_adds_what_a_round_with_it_is_worth_more(
    facts: list[Fact], offer: Resource, policy: Policy, data: st.DataObject
) -> None:
    picked = data.draw(claims(facts))
    facts += picked
    town, after = Town(*facts, policy=policy), Town(*facts, ResourceOffered(resource=offer), policy=policy)
    told = preview_offer(round_of(town), offer)
    assert told.adds == value(after) - value(town)
    assert told.given == sum(chance.given for chance in told.chances) <= told.seats == offer.capacity
    if told.adds:
        assert max(chance.adds for chance in told.chances) > 0
    for chance in told.chances:
        assert chance.adds <= min(told.adds, chance.value)
        others = [fact for fact in facts if isinstance(fact, ResourceOffered)]
        if chance.only and others:
            assert chance.adds == chance.value
    posted = demands_for(round_of(after), resource_id=NEWCOMER)
    seats = seats_of_newcomer(after)
    assert posted.given == seats.total()
    assert {(c.demand_id, c.line): c.given for c in posted.chances if c.given} == seats
    assert apart_from_ties(posted) == apart_from_ties(told)
    assert told.exact or len(picked) > 1


def seats_of_newcomer(town: Town) -> Counter[tuple[str, int]]:
    """Return how many seats of each line the newcomer is given in a round."""
    proposals = town.decide().proposals
    return Counter((proposal.demand_id, proposal.line) for proposal in proposals if proposal.resource_id == NEWCOMER)


def apart_from_ties(told: OfferPreview) -> tuple[OfferPreview, set[Chance]]:
    """Return what is told, apart from who is given a seat.

    Where two demands are worth the same, the round with the offer may give the seat to one and the preview, from
    the round without, to the other; or leave it with somebody else who does as well. Both are right.
    """
    chances = {chance.model_copy(update={"given": 0}) for chance in told.chances}
    return told.model_copy(update={"given": 0, "chances": ()}), chances


@FEWER
@given(facts=pools(teams=False), policy=policies().map(whole), data=st.data())
def test_an_offer_on_the_list_is_told_as_if_it_came_now(facts: list[Fact], policy: Policy, data: st.DataObject) -> None:
    facts += data.draw(claims(facts))
    town = Town(*facts, policy=policy)
    for fact in facts:
        if isinstance(fact, ResourceOffered):
            name = fact.resource.resource_id
            told = demands_for(round_of(town), resource_id=name)
            without = Town(*facts, resource_gone(name), policy=policy)
            assert told.adds == value(town) - value(without) or not told.exact
            assert {chance.demand_id for chance in told.chances if chance.only} == only_by(town, name)


def only_by(town: Town, name: str) -> set[str]:
    """Return the demands with a line that nobody but ``name`` may serve."""
    found, frozen = round_of(town).matching.pairs, freeze(town.state)
    by_line = Counter(found.line.tolist())
    return {
        frozen.demand_ids[frozen.line_demand[line]]
        for line, row in zip(found.line.tolist(), found.resource.tolist(), strict=True)
        if frozen.resource_ids[row] == name and by_line[line] == 1
    }


@FEWER
@given(facts=pools(), late=pools(most=3), policy=policies().map(calm), data=st.data())
def test_a_decline_moves_what_a_round_after_it_would_give(
    facts: list[Fact], late: list[Fact], policy: Policy, data: st.DataObject
) -> None:
    """Something is promised; more comes; then one of the promises is declined."""
    town = Town(*facts, policy=policy)
    promised = town.round().proposals
    if not promised:
        return
    for fact in late:
        entry = getattr(fact, "resource", None) or fact.demand  # type: ignore[attr-defined]
        kind = "resource" if isinstance(fact, ResourceOffered) else "demand"
        name = f"late-{getattr(entry, f'{kind}_id')}"
        town.tell(type(fact)(**{kind: entry.model_copy(update={f"{kind}_id": name})}))
    town.tell(*data.draw(claims([entry.event.data for entry in town.journal])))
    chosen = data.draw(st.sampled_from(promised))
    before, standing = value(town), town.decide()
    told = preview_decline(round_of(town), assignment_id=chosen.assignment_id)
    assert town.decide() == standing
    lost = {p.assignment_id: p.value for p in promised}
    town.answer(chosen, "declined")
    after = town.decide()
    gone = [chosen.assignment_id, *told.ends]
    again = {
        fact.resource.resource_id for fact in facts if isinstance(fact, ResourceOffered) and fact.resource.per_occasion
    }
    assert told.exact or standing.claims or again & {p.resource_id for p in promised if p.assignment_id in gone}
    ending = {move.assignment_id for move in after.transitions if move.to == "revoked"}
    assert ending - {move.assignment_id for move in standing.transitions} == set(gone)
    if told.exact and told.worth == chosen.value:  # what is worth the same as it was when it was promised
        assert sum(lost[name] for name in gone) - told.loss == after.value - before
    declined = (chosen.demand_id, chosen.resource_id)
    assert all((move.demand_id, move.after) != declined for move in told.moves)
    filled = Counter(move.demand_id for move in told.moves if move.after and not move.before)
    assert told.refilled <= (filled[chosen.demand_id] > 0)


@FEWER
@given(facts=pools(teams=False), policy=policies().map(whole))
def test_a_price_is_what_one_more_helper_adds(facts: list[Fact], policy: Policy) -> None:
    policy = policy.model_copy(update={"rules": policy.rules.model_copy(update={"siblings": False})})
    town = Town(*facts, policy=policy)
    board = price_board(round_of(town))
    dearest: dict[tuple[str, str], int] = {}
    for row in board.rows:
        assert row.mean <= row.highest
        assert row.lines is None or row.lines >= 5
        dearest[row.item, row.street] = max(row.highest, dearest.get((row.item, row.street), 0))
    assert [row.highest for row in board.rows] == sorted((row.highest for row in board.rows), reverse=True)
    for (item, street), highest in dearest.items():
        homes = {d.community for fact in facts if (d := getattr(fact, "demand", None)) and d.community[:9] == street}
        gains = {added(town, item, home) for home in homes}
        assert highest in gains


def added(town: Town, item: str, home: str) -> int:
    """Return what a helper at a community adds for the street, by deciding again."""
    items = town.state.items
    helper = resource(
        NEWCOMER,
        item=item,
        home=home,
        scope=(home[:9],),
        qualifications=items.gates,
        fitness=tuple(Fitness),
        provider="team:stranger",
    )
    other = town.restored()
    other.tell(ResourceOffered(resource=helper))
    return value(other) - value(town)
