"""Entries as they travel: rows of the frozen pool as facts that another shard can put on its own tables."""

import numpy as np

from matcher.state.calendars import ALWAYS, spans_of
from matcher.state.columns import FOREVER
from matcher.state.demands import BENEFICIARIES, FITNESSES, URGENCIES
from matcher.state.fold import OPEN, from_ms
from matcher.state.pool import Frozen
from matcher.state.resources import STATUSES, UNKNOWN_FEE
from schemas.base import Window
from schemas.demands import DemandLine
from schemas.transfers import CarriedDemand, CarriedResource

_STATUS = {number: name for name, number in STATUSES.items()}


def carried_demand(frozen: Frozen, row: int) -> CarriedDemand:
    """Return a demand as much of it as matching needs."""
    demand, hours = frozen.demands[row], frozen.hours[int(frozen.demands["hours"][row])]
    lines = frozen.lines[slice(*np.searchsorted(frozen.line_demand, (row, row + 1)))]
    return CarriedDemand(
        demand_id=frozen.demand_ids[row],
        version=int(demand["version"]),
        open=bool(demand["status"] == OPEN),
        requester=frozen.requesters[row],
        lines=tuple(
            DemandLine(
                item=frozen.items.ids[int(line["item"])],
                quantity=int(line["quantity"]),
                siblings=bool(line["siblings"]),
                together=bool(line["together"]),
            )
            for line in lines
        ),
        community=str(demand["place"]),
        window=Window(start=from_ms(demand["start"]), end=from_ms(demand["end"])),
        hours=None if hours == ALWAYS else spans_of(hours),
        duration_minutes=int(demand["duration"]) // 60_000,
        lapses_at=from_ms(demand["lapses"]),
        urgency=URGENCIES[int(demand["urgency"])],
        beneficiary=BENEFICIARIES[int(demand["beneficiary"])],
        risky=bool(demand["risky"]),
        needs=tuple(fit for bit, fit in enumerate(FITNESSES) if int(demand["needs"]) >> bit & 1),
        cost_cap=None if demand["cost_cap"] == FOREVER else int(demand["cost_cap"]),
        bundle=bool(demand["bundle"]),
        posted_at=from_ms(demand["posted"]),
    )


def carried_resource(frozen: Frozen, row: int) -> CarriedResource:
    """Return a resource as much of it as matching needs."""
    resource = frozen.resources[row]
    return CarriedResource(
        resource_id=frozen.resource_ids[row],
        version=int(resource["version"]),
        status=_STATUS[int(resource["status"])],
        provider=frozen.providers[row],
        item=frozen.items.ids[int(resource["item"])],
        capacity=int(resource["capacity"]),
        renewable=bool(resource["renewable"]),
        per_occasion=bool(resource["per_occasion"]),
        stays_put=bool(resource["stays_put"]),
        hours=spans_of(frozen.calendars[int(resource["calendar"])]),
        scope=frozen.scopes[int(resource["scope"])],
        home=str(resource["home"]),
        booked=bool(resource["booked"]),
        notice_minutes=int(resource["notice"]) // 60_000,
        qualifications=frozen.items.qualifications(int(resource["qualified"])),
        serves=tuple(whom for bit, whom in enumerate(BENEFICIARIES) if int(resource["serves"]) >> bit & 1),
        fitness=tuple(fit for bit, fit in enumerate(FITNESSES) if int(resource["fitness"]) >> bit & 1),
        fee=None if resource["fee"] == UNKNOWN_FEE else int(resource["fee"]),
        admits=frozen.admissions[int(resource["admission"])],
        auto_accept=bool(resource["auto_accept"]),
        is_fund=bool(resource["is_fund"]),
    )
