"""The fold of the resource list: one row per resource."""

from typing import Final

from matcher.state.calendars import Calendar, calendar_of, calendar_of_spans, joined
from matcher.state.columns import FOREVER, Names, Table, bits
from matcher.state.demands import BENEFICIARIES, FITNESSES
from matcher.state.fold import OPEN, SUSPENDED, UNKNOWN, WITHDRAWN, Fold, event_mark, is_news, to_ms
from matcher.state.items import ItemIndex
from schemas.base import Fact
from schemas.envelope import Event
from schemas.refusals import Refused
from schemas.resources import (
    AccessMode,
    Resource,
    ResourceKind,
    ResourceOffered,
    ResourceRevised,
    ResourceSuspended,
    ResourceWithdrawn,
)
from schemas.transfers import CarriedResource

ROW = [
    ("status", "u1"),
    ("version", "i4"),
    ("mark", "i8"),
    ("item", "i4"),
    ("capacity", "i4"),
    ("renewable", "?"),
    ("auto_accept", "?"),
    ("notice", "i8"),
    ("qualified", "i8"),
    ("home", "i8"),
    ("scope", "i4"),
    ("calendar", "i4"),
    ("provider", "i4"),
    ("booked", "?"),
    ("serves", "i8"),
    ("fitness", "i8"),
    ("fee", "i8"),
    ("admission", "i4"),
    ("per_occasion", "?"),
    ("stays_put", "?"),
    ("in_person", "?"),
    ("is_fund", "?"),
    ("lender", "i8"),
    # The column below belongs to the fold of rounds.
    ("shown", "i4"),
]

STATUSES: Final = {"open": OPEN, "suspended": SUSPENDED, "withdrawn": WITHDRAWN}

UNKNOWN_FEE: Final = FOREVER - 1
"""Of what is paid for without saying how much: above every cap, below none."""


_STAY_PUT: Final = frozenset({ResourceKind.VENUE, ResourceKind.FACILITY})
"""People come to these."""


class ResourceFold:
    """Resources by number; scopes, calendars, providers and admission lists are shared, so equal ones are kept once."""

    def __init__(self, items: ItemIndex, ids: Names[str] | None = None) -> None:
        self.items = items
        self.ids: Names[str] = ids or Names()
        self.table = Table(ROW)
        self.table.grow_to(len(self.ids))
        self.scopes: Names[tuple[str, ...]] = Names()
        self.calendars: Names[Calendar] = Names()
        self.providers: Names[str] = Names()
        self.admissions: Names[tuple[str, ...]] = Names()

    def number(self, resource_id: str) -> int:
        """Return the row of ``resource_id``, made when it is first mentioned."""
        row = self.ids.number(resource_id)
        if row >= self.table.size:
            self.table.grow_to(row + 1)
        return row

    def fold(self, event: Event[Fact]) -> Fold:
        """Apply one event of the resources topic; raise Refused where it cannot be."""
        match event.data:
            case ResourceOffered(resource=resource) | ResourceRevised(resource=resource):
                return self._put(resource, event_mark(event.id))
            case ResourceSuspended() as data:
                return self._set_status(SUSPENDED, data, event_mark(event.id))
            case ResourceWithdrawn() as data:
                return self._set_status(WITHDRAWN, data, event_mark(event.id))
            case _:
                return Fold.ASIDE

    def _put(self, resource: Resource, mark: int) -> Fold:
        row = self._row_of(resource)
        if not self._is_news(row, resource.version, mark):
            return Fold.SEEN
        status = OPEN if resource.has_seats else SUSPENDED  # what is only to be read is on the list, and on no table
        self._lay(row, resource, status=status, mark=mark, calendar=opening(resource), fee=_fee(resource))
        held = self.table.rows[row]
        held["booked"] = resource.access is AccessMode.BOOKING
        held["stays_put"] = resource.kind in _STAY_PUT
        held["is_fund"] = resource.kind is ResourceKind.FUND
        held["in_person"] = resource.kind is ResourceKind.SKILL and resource.provider.startswith("member:")
        return Fold.APPLIED

    def put_shown(self, resource: CarriedResource, *, lender: str) -> None:
        """Put what shard ``lender`` shows on the table, unless as new a version lies there.

        Raises:
            Refused: unknown_item.
        """
        row = self._row_of(resource)
        if resource.version <= self.table.rows["version"][row]:
            return
        fee, calendar = UNKNOWN_FEE if resource.fee is None else resource.fee, calendar_of_spans(resource.hours)
        self._lay(row, resource, status=STATUSES[resource.status], mark=0, calendar=calendar, fee=fee)
        held = self.table.rows[row]
        held["booked"], held["stays_put"], held["lender"] = resource.booked, resource.stays_put, int(lender)
        held["is_fund"] = resource.is_fund

    def _row_of(self, resource: Resource | CarriedResource) -> int:
        if resource.item not in self.items.number:
            raise Refused("unknown_item", resource.item)
        return self.number(resource.resource_id)

    def _lay(
        self, row: int, resource: Resource | CarriedResource, *, status: int, mark: int, calendar: Calendar, fee: int
    ) -> None:
        """Write what both kinds of entry say into a row; nobody is there in person unless the home shard says so."""
        self.table.rows[row] = (
            status,
            resource.version,
            mark,
            self.items.number[resource.item],
            resource.capacity,
            resource.renewable,
            resource.auto_accept,
            resource.notice_minutes * 60_000,
            self.items.bits(resource.qualifications),
            int(resource.home),
            self.scopes.number(tuple(sorted(set(resource.scope)))),
            self.calendars.number(calendar),
            self.providers.number(resource.provider),
            False,
            bits(BENEFICIARIES, resource.serves),
            bits(FITNESSES, resource.fitness),
            fee,
            self.admissions.number(tuple(sorted(set(resource.admits)))),
            resource.per_occasion,
            False,
            False,
            False,
            0,
            self.table.rows["shown"][row],
        )

    def _set_status(self, status: int, data: ResourceSuspended | ResourceWithdrawn, mark: int) -> Fold:
        if status == SUSPENDED and not self.is_known(data.resource_id):
            raise Refused("not_found", data.resource_id)
        row = self.number(data.resource_id)
        if not self._is_news(row, data.version, mark):
            return Fold.SEEN
        held = self.table.rows[row]
        held["status"], held["version"], held["mark"] = status, data.version, mark
        return Fold.APPLIED

    def is_known(self, resource_id: str) -> bool:
        """Return whether the resource was ever put on the list."""
        row = self.ids.find(resource_id)
        return row is not None and bool(self.table.rows["status"][row] != UNKNOWN)

    def _is_news(self, row: int, version: int, mark: int) -> bool:
        held = self.table.rows[row]
        return is_news(
            status=held["status"], version=held["version"], mark=held["mark"], new_version=version, new_mark=mark
        )


def _fee(resource: Resource) -> int:
    if resource.access is not AccessMode.PAID:
        return 0
    return UNKNOWN_FEE if resource.fee is None else resource.fee


def opening(resource: Resource) -> Calendar:
    """Return when the resource can be had: its windows, within its validity."""
    first = to_ms(resource.valid_from) if resource.valid_from else -FOREVER
    last = to_ms(resource.valid_to) if resource.valid_to else FOREVER
    hours = resource.hours()
    return joined([(first, last)]) if hours is None else calendar_of(hours, first=first, last=last)
