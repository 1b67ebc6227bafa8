"""Why a match, and why not yet: what the drawer shows. The reading is synchronous: call it in a thread."""

from typing import Any

from sqlalchemy import Connection, select

from api.console.claims import claims_on
from api.console.desk import millis
from api.console.names import Message, Providers
from api.console.teams import team_of, teams_of
from api.odds import said
from api.places import place, shard_name
from api.ports import Clock
from api.readmodel.model import ReadModel
from api.readmodel.queries.assignments import assignment_why, get_assignment
from api.readmodel.queries.demands import demand_detail, get_demand
from api.readmodel.queries.resources import get_resource
from api.readmodel.queries.rounds import get_round
from api.readmodel.tables import feed
from api.readmodel.views import AssignmentView, AssignmentWhy, DemandDetail, WayStep
from schemas.catalogue import Catalogue
from schemas.regions import Regions
from schemas.rounds import RoundDecided
from schemas.sharding import shard_level
from schemas.why import DemandWhy, ScarceClass, SeatsAway

TERMS = ("service", "urgency", "waiting", "nearness", "fit", "claim", "regret", "load")
"""The parts of a value in the order in which people read them; others follow."""
MOST_STEPS = 12
"""Of a demand's way, the newest."""


class Reasons:
    """Reads what is known about one assignment or one demand."""

    def __init__(
        self, *, model: ReadModel, regions: Regions, providers: Providers, clock: Clock, catalogue: Catalogue
    ) -> None:
        self._model = model
        self.regions = regions
        self._providers = providers
        self._clock = clock
        self.catalogue = catalogue

    def assignment(self, assignment_id: str) -> Message | None:
        """Return everything about an assignment; None where there is none."""
        with self._model.read() as connection:
            found = get_assignment(connection, assignment_id=assignment_id)
            if found is None:
                return None
            why = assignment_why(connection, assignment_id=assignment_id)
            decided = why and get_round(connection, shard=found.shard, round_no=found.round_no)
            return {
                "id": found.assignment_id,
                "shard": found.shard,
                "round_no": found.round_no,
                "state": found.state,
                "item": found.item,
                "offered": found.offered_item,
                "starts_at": millis(found.starts_at),
                "ends_at": millis(found.ends_at),
                "value": found.value,
                "margin": found.margin,
                "terms": _terms(found.terms),
                "prices": _prices(why),
                "team_part": why and why.team_part and why.team_part.model_dump(exclude={"lines"}),
                "round": decided and _round(decided),
                "history": _history(connection, found, why),
                **self._sides(connection, found),
            }

    def detail(self, demand_id: str) -> DemandDetail | None:
        """Return a demand as the lists have it; None where there is none."""
        with self._model.read() as connection:
            return demand_detail(connection, demand_id=demand_id)

    def demand(self, detail: DemandDetail) -> Message:
        """Return what is known about a demand, without the reasons."""
        demand = detail.view.demand
        with self._model.read() as connection:
            claims = claims_on(connection, demand_id=demand.demand_id)
        return {
            "id": demand.demand_id,
            "title": demand.title,
            "community": demand.community,
            "place": place(self.regions, demand.community),
            "urgency": demand.urgency.value,
            "posted_at": millis(demand.posted_at),
            "waited_s": (self._clock.now() - demand.posted_at).total_seconds(),
            "now": millis(self._clock.now()),
            "starts_at": millis(demand.window.start),
            "ends_at": millis(demand.window.end),
            "claims": claims,
            "way": [way_step(step, self.regions) for step in detail.way[-MOST_STEPS:]],
            "teams": [team._asdict() for team in teams_of(demand)],
        }

    def _sides(self, connection: Connection, found: AssignmentView) -> Message:
        wish = get_demand(connection, demand_id=found.demand_id)
        offer = get_resource(connection, resource_id=found.resource_id)
        posted = wish and wish.demand.posted_at
        return {
            "team": wish and team_of(connection, found, wish.demand, self._providers),
            "waited_s": posted and (found.proposed_at - posted).total_seconds(),
            "demand": {
                "id": found.demand_id,
                "title": found.demand_title,
                "place": place(self.regions, found.community),
                "line": found.line,
                "seat": found.seat,
                "urgency": wish and wish.demand.urgency.value,
                "posted_at": posted and millis(posted),
            },
            "resource": {
                "id": found.resource_id,
                "title": found.resource_title,
                "place": place(self.regions, offer.resource.home) if offer else "",
                "seat": found.resource_seat,
                "provider": self._providers.of(connection, {found.provider})[found.provider],
            },
        }


def way_step(step: WayStep, regions: Regions) -> Message:
    """Return one step of a demand between shards, for the page."""
    return {
        "kind": step.kind,
        "from": shard_name(regions, step.from_shard),
        "to": shard_name(regions, step.to_shard),
        "level": shard_level(step.to_shard),
        "at": millis(step.at),
        "cause": step.cause,
        "waited_s": None if step.waited_minutes is None else step.waited_minutes * 60,
        "seats": sum(len(line.seats) for line in step.lines),
    }


def why_message(why: DemandWhy, catalogue: Catalogue, regions: Regions) -> Message:
    """Return the explainer's answer for the page: remedies in words, the street of what is scarce by name."""
    lines = [
        line.model_dump(mode="json")
        | {
            "scarce": line.scarce and _scarce(line.scarce, regions),
            "away": [_away(seats, regions) for seats in line.away],
            "shard": line.shard and shard_name(regions, line.shard),
            "remedies": [said(remedy, catalogue, regions).model_dump() for remedy in line.remedies],
        }
        for line in why.lines
    ]
    return why.model_dump(mode="json", exclude={"at", "lines"}) | {"at": millis(why.at), "lines": lines}


def _away(told: SeatsAway, regions: Regions) -> Message:
    return {
        "level": shard_name(regions, told.level),
        "shard": None if told.shard == told.level else shard_name(regions, told.shard),
        "seats": told.seats,
        "since": millis(told.since),
    }


def _scarce(told: ScarceClass, regions: Regions) -> Message:
    return {
        "item": told.item,
        "place": told.street and regions.name(told.street),
        "stretch": told.stretch and millis(told.stretch),
        "sources": told.sources,
    }


def _terms(terms: dict[str, int]) -> list[Message]:
    order = {term: place for place, term in enumerate(TERMS)}
    known = sorted(terms.items(), key=lambda part: (order.get(part[0], len(order)), part[0]))
    return [{"term": term, "points": points} for term, points in known]


def _prices(why: AssignmentWhy | None) -> Message | None:
    """Seats that a round names no price for are worth nothing more: their price is 0."""
    return None if why is None else {"line": why.line_price or 0, "resource": why.resource_price or 0}


def _round(decided: RoundDecided) -> Message:
    return {
        "at": millis(decided.decided_at),
        "cause": decided.cause,
        "policy": {"name": decided.policy.name, "version": decided.policy.version},
        "pairs": decided.size.pairs,
        "lines": decided.size.lines,
        "resources": decided.size.resources,
        "certificate": decided.certificate.model_dump(),
        "fairness": decided.fairness and decided.fairness.model_dump(),
    }


def _history(connection: Connection, found: AssignmentView, why: AssignmentWhy | None) -> list[Message]:
    """Return what was said and decided, in order of time."""
    query = select(feed.c.type, feed.c.reason, feed.c.at).where(feed.c.assignment_id == found.assignment_id)
    steps: list[tuple[Any, int, str]] = [
        (row.at, 0 if row.type == "proposed" else 2, "declined" if row.reason == "declined" else row.type)
        for row in connection.execute(query)
    ]
    steps += [(answer.at, 1, f"answer_{answer.answer}") for answer in (why.answers if why else ())]
    return [{"state": state, "at": millis(at)} for at, _, state in sorted(steps)]
