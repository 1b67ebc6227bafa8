"""What reports are made of: figures of a region, or of one party, between two instants."""

from datetime import datetime

from api.readmodel.views import View


class OutcomeCount(View):
    """How many claims came out so."""

    outcome: str
    count: int


class Satisfaction(View):
    """What people said, from 1 to 5; the mean is in hundredths. Both are None where fewer than five spoke."""

    answers: int | None
    mean_hundredths: int | None


class WhistleFigures(View):
    """Who was called 吹哨 within the period, who came within it, how many after their clock, and after how long."""

    called: int
    arrived: int
    late: int
    median_arrival_s: int | None
    scores: Satisfaction


class CategoryFigures(View):
    """One category of the catalogue: demands that ask for it, their seats, and seats fulfilled in the period."""

    category: str
    demands: int
    seats: int
    fulfilled: int


class StateCount(View):
    """How many lives stood in a state when the period ended."""

    state: str
    standing: int | None


class StageFigures(View):
    """How many lives left a state within the period, and how long half of them had stayed at most."""

    state: str
    left: int | None
    median_stay_s: int | None


class KindFigures(View):
    """Lives of one kind: begun and ended within the period, open and overdue when it ended, or by now."""

    kind: str
    begun: int | None
    ended: int | None
    open: int | None
    overdue: int | None
    standing: tuple[StateCount, ...]
    stages: tuple[StageFigures, ...]


class Figures(View):
    """What happened in a region from ``since`` on, before ``until``. Counts of fewer than five people are None.

    ``as_of`` is the end of the period, or the present while it runs: by it, things are overdue or not.
    """

    since: datetime
    until: datetime
    as_of: datetime
    demands_posted: int
    seats_asked: int
    resources_offered: int
    units_reported: int
    members_reported: int | None
    proposed: int
    confirmed: int
    fulfilled: int
    revoked: int
    expired: int
    median_wait_s: int | None
    claims_made: int
    claims: tuple[OutcomeCount, ...]
    satisfaction: Satisfaction
    whistles: WhistleFigures
    categories: tuple[CategoryFigures, ...]
    lives: tuple[KindFigures, ...]


class RegionReport(View):
    """A report 报表 of a region, with the period before it for comparison. The same log gives the same report."""

    region: str
    name: str
    cycle: str
    period: str
    zone: str
    figures: Figures
    before: Figures


class Service(View):
    """Jobs done of one item: how often, how many minutes they were planned to take, in how many communities."""

    item: str
    times: int
    minutes: int
    communities: int


class Entry(View):
    """An entry that was put on a list, by its title."""

    id: str
    title: str


class Matter(View):
    """A life that concerns the party: how it stood when the period ended, and how many steps the party itself took."""

    kind: str
    id: str
    title: str
    state: str
    is_open: bool
    steps: int


class PartyReport(View):
    """What a unit or a member did within a period 双报告, up to ``as_of``; a draft for it to complete."""

    party: str
    name: str | None
    community: str | None
    period: str
    since: datetime
    until: datetime
    as_of: datetime
    given: tuple[Service, ...]
    received: tuple[Service, ...]
    offered: tuple[Entry, ...]
    asked: tuple[Entry, ...]
    matters: tuple[Matter, ...]
