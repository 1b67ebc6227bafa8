"""The figures of a simulation: ours beside the city's, requests accounted for one by one.

Both sides are judged alike, by jobs done before the end of the simulated time. A request that lapsed was not served
by its due time here; the city may have served it later, and often did.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from deploy.simulate.cast import demand_id_of
from deploy.simulate.outcome import Outcome
from deploy.simulate.source import Request


class UnaccountedError(Exception):
    """The read model does not account for every request: something was lost or counted twice."""


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class Waits(_Figures):
    """Hours waited by those who were served; None where nobody was."""

    served: int
    median_hours: float | None
    p90_hours: float | None
    mean_hours: float | None = None


class OnTime(_Figures):
    """Of the requests that fell due within the simulated time: how many were done by then."""

    due: int
    ours: int
    city: int


class Group(_Figures):
    """The requests of one category, or all of them."""

    name: str
    posted: int
    matched: int
    done: int
    open: int
    expired: int
    refused: int
    without_capacity: int
    expired_but_closed_by_city: int
    to_assignment: Waits
    to_done: Waits
    city_to_close: Waits
    both_ours: Waits
    both_city: Waits
    all_ours: float | None
    """Mean hours that all of them waited: what is not done yet, or lapsed, waited to the end of the simulated time."""
    all_city: float | None
    on_time: OnTime


class Capacity(_Figures):
    """How much work the departments offered in the simulated time, beside what they closed in the year."""

    work_days: Literal["every", "active", "city"]
    seat_days_offered: int
    closings_observed: int


class Summary(_Figures):
    """The whole report, as the JSON file holds it."""

    start: datetime
    end: datetime
    policy: str
    rounds: int
    certificates_hold: bool
    capacity: Capacity
    total: Group
    categories: dict[str, Group]


class Case(NamedTuple):
    """One request, what became of it here, and whether anybody offered its item in its neighbourhood."""

    request: Request
    outcome: Outcome | None
    offered: bool


def cases_of(
    requests: Iterable[Request], outcomes: Mapping[str, Outcome], *, offered: frozenset[tuple[str, str]]
) -> list[Case]:
    """Pair every request with its outcome; ``offered`` holds (item, street) of all resources."""
    return [
        Case(request, outcomes.get(demand_id_of(request)), (request.item, request.street) in offered)
        for request in requests
    ]


def check_accounts(cases: Sequence[Case], total: Group, *, outcomes: int, refused: int) -> None:
    """Raise UnaccountedError unless every request is in the read model or in dead letters, and nothing else is."""
    missing = sum(case.outcome is None for case in cases)
    strange = outcomes - (len(cases) - missing)
    accounted = total.matched + total.open + total.expired + total.refused
    if missing != refused or strange or accounted != len(cases):
        raise UnaccountedError(
            f"{len(cases)} posted, {accounted} accounted for: "
            f"{missing} not listed, {refused} dead letters, {strange} never posted"
        )


def by_category(cases: Sequence[Case], *, end: datetime) -> dict[str, Group]:
    """Return one group per category, the largest first."""
    sorted_out: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        sorted_out[case.request.category].append(case)
    largest_first = sorted(sorted_out.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return {category: group(category, members, end=end) for category, members in largest_first}


def group(name: str, cases: Sequence[Case], *, end: datetime) -> Group:
    """Return the figures of some cases, as they stood at ``end``."""
    states = [case.outcome.state if case.outcome else "refused" for case in cases]
    both = [case for case in cases if _done_at(case) and _closed_at(case, end)]
    return Group(
        name=name,
        posted=len(cases),
        matched=sum(state in {"matched", "partly_matched", "fulfilled"} for state in states),
        done=states.count("fulfilled"),
        open=states.count("open"),
        expired=states.count("lapsed"),
        refused=states.count("refused"),
        without_capacity=sum(not case.offered for case in cases),
        expired_but_closed_by_city=sum(
            state == "lapsed" and _closed_at(case, end) is not None for state, case in zip(states, cases, strict=True)
        ),
        to_assignment=_waits((case, case.outcome.assigned_at if case.outcome else None) for case in cases),
        to_done=_waits((case, _done_at(case)) for case in cases),
        city_to_close=_waits((case, _closed_at(case, end)) for case in cases),
        both_ours=_waits((case, _done_at(case)) for case in both),
        both_city=_waits((case, _closed_at(case, end)) for case in both),
        all_ours=_mean_of_all(((case, _done_at(case)) for case in cases), end=end),
        all_city=_mean_of_all(((case, _closed_at(case, end)) for case in cases), end=end),
        on_time=_on_time(cases, end=end),
    )


def _on_time(cases: Sequence[Case], *, end: datetime) -> OnTime:
    due = [case for case in cases if case.request.due_at is not None and case.request.due_at <= end]
    return OnTime(
        due=len(due),
        ours=sum(_by(_done_at(case), case.request.due_at) for case in due),
        city=sum(_by(case.request.closed_at, case.request.due_at) for case in due),
    )


def _by(moment: datetime | None, due_at: datetime | None) -> bool:
    return moment is not None and due_at is not None and moment <= due_at


def _done_at(case: Case) -> datetime | None:
    return case.outcome.done_at if case.outcome else None


def _closed_at(case: Case, end: datetime) -> datetime | None:
    """Return when the city closed the request, if it did before ``end``."""
    closed_at = case.request.closed_at
    return closed_at if closed_at is not None and closed_at <= end else None


def _waits(served: Iterable[tuple[Case, datetime | None]]) -> Waits:
    """Return the waits of those with a moment; a close logged before the opening counts as no wait."""
    hours = [
        max(0.0, (moment - case.request.opened_at).total_seconds() / 3600)
        for case, moment in served
        if moment is not None
    ]
    if not hours:
        return Waits(served=0, median_hours=None, p90_hours=None)
    median, p90 = np.percentile(hours, [50, 90])
    mean = sum(hours) / len(hours)
    return Waits(
        served=len(hours),
        median_hours=round(float(median), 2),
        p90_hours=round(float(p90), 2),
        mean_hours=round(mean, 2),
    )


def _mean_of_all(served: Iterable[tuple[Case, datetime | None]], *, end: datetime) -> float | None:
    waits = [((moment or end) - case.request.opened_at).total_seconds() for case, moment in served]
    return round(sum(max(0.0, wait) for wait in waits) / len(waits) / 3600, 2) if waits else None
