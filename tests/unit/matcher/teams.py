"""A team of three and those who could be in it."""

from typing import Any

from schemas.rounds import Proposal, RoundDecided
from tests.builders import demand, line, offered, posted
from tests.town import Town

THREE = demand("d1", line(quantity=3, together=True))


def starts(decided: RoundDecided, demand_id: str = "d1") -> set[Any]:
    return {proposal.starts_at for proposal in decided.proposals if proposal.demand_id == demand_id}


def helpers(count: int, **changes: Any) -> list[Any]:
    return [offered(f"r{number}", **changes) for number in range(count)]


def team_of_three(*more: Any) -> tuple[Town, list[Proposal]]:
    """Return a town whose team of three has just been proposed."""
    town = Town(*helpers(3), posted("d1", *THREE.lines), *more)
    return town, list(town.round().proposals)
