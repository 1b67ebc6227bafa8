"""Teams 组团 and bundles as the page shows them: which lines go together, and with whom a match stands or falls."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from api.console.names import Message, Providers
from api.readmodel.queries.assignments import assignments_of
from api.readmodel.tables import demands
from api.readmodel.views import AssignmentView
from schemas.demands import Demand

MOST = 24
"""Matches of one team that the page names; who wants more asks the API."""


class Team(NamedTuple):
    """Lines that are filled wholly or not at all, at one start."""

    lines: tuple[int, ...]
    seats: int


def teams_of(demand: Demand) -> list[Team]:
    """Return the teams of a demand in the order of its lines; one seat alone is none."""
    seats = [line.quantity for line in demand.lines]
    if demand.bundle:
        return [Team(tuple(range(len(seats))), sum(seats))] if sum(seats) > 1 else []
    return [Team((n,), seats[n]) for n, line in enumerate(demand.lines) if line.together and seats[n] > 1]


def items_in_teams(connection: Connection, demand_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return, of these demands, those with a team and the items asked for in it."""
    table = demands.c
    # What is not asked for is not in the stored text, so the database passes over nearly all.
    asked = or_(table.body.contains('"bundle":true'), table.body.contains('"together":true'))
    query = select(table.demand_id, table.body).where(table.demand_id.in_(demand_ids), asked)
    found = [(row.demand_id, Demand.model_validate_json(row.body)) for row in connection.execute(query)]
    return {
        (demand_id, demand.lines[line].item)
        for demand_id, demand in found
        for team in teams_of(demand)
        for line in team.lines
    }


def team_of(connection: Connection, found: AssignmentView, demand: Demand, providers: Providers) -> Message | None:
    """Return the team of a match, and its other matches of the same round; None where it stands alone."""
    team = next((team for team in teams_of(demand) if found.line in team.lines), None)
    if team is None:
        return None
    mates = sorted(
        (
            mate
            for mate in assignments_of(connection, demand_id=found.demand_id)
            if mate.line in team.lines and mate.round_no == found.round_no and mate.assignment_id != found.assignment_id
        ),
        key=lambda mate: (mate.line, mate.seat),
    )[:MOST]
    named = providers.of(connection, {mate.provider for mate in mates})
    return {
        **team._asdict(),
        "mates": [
            {"id": mate.assignment_id, "item": mate.item, "state": mate.state, "provider": named[mate.provider]}
            for mate in mates
        ],
    }
