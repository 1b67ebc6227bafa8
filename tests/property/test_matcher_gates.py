"""No hard rule is ever broken, however many ask for however few, and however much the wrong pair would be worth."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Fact
from schemas.demands import DemandPosted
from schemas.policy import FitWeights, Policy, ServiceWeights
from schemas.resources import ResourceOffered
from tests.builders import SMALL_CATALOGUE, at
from tests.property.oracle import Book
from tests.property.strategies import FEWER, demands, policies, resources
from tests.town import Town


@st.composite
def crowds(draw: st.DrawFn) -> list[Fact]:
    """Draw many demands for few resources."""
    facts: list[Fact] = [ResourceOffered(resource=draw(resources(f"r{n}"))) for n in range(draw(st.integers(1, 4)))]
    facts += [DemandPosted(demand=draw(demands(f"d{n:02}"))) for n in range(draw(st.integers(6, 15)))]
    return draw(st.permutations(facts))


@FEWER
@given(facts=crowds(), policy=policies(), hours=st.integers(0, 6))
def test_under_overload_every_rule_holds(facts: list[Fact], policy: Policy, hours: int) -> None:
    greedy = policy.model_copy(update={"service": ServiceWeights(base=10**6), "fit": FitWeights(sibling=10**6)})
    town, book = Town(*facts, policy=greedy), Book(SMALL_CATALOGUE)
    for fact in facts:
        book.read(fact)
    decided = town.decide(at(hours))
    for given_ in decided.proposals:
        pair = (given_.demand_id, given_.line, given_.resource_id)
        assert book.first_failing(pair, book.resources, at(hours), greedy) is None
    assert decided.certificate.holds
