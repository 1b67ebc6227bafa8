"""The fold of the demand list: one row per demand, one per line."""

from matcher.state.calendars import ALWAYS, Calendar, calendar_of, calendar_of_spans
from matcher.state.columns import FOREVER, Names, Table, bits
from matcher.state.fold import OPEN, UNKNOWN, WITHDRAWN, Fold, event_mark, is_news, to_ms
from matcher.state.items import ItemIndex
from schemas.base import Fact
from schemas.demands import (
    Beneficiary,
    Demand,
    DemandLine,
    DemandPosted,
    DemandRevised,
    DemandWhistled,
    DemandWithdrawn,
    Fitness,
    Urgency,
)
from schemas.envelope import Event
from schemas.refusals import Refused
from schemas.transfers import CarriedDemand

URGENCIES = (Urgency.NORMAL, Urgency.URGENT, Urgency.WHISTLE, Urgency.EMERGENCY)
_URGENCY_NUMBER = {urgency: number for number, urgency in enumerate(URGENCIES)}
BENEFICIARIES = tuple(Beneficiary)
_BENEFICIARY_NUMBER = {beneficiary: number for number, beneficiary in enumerate(BENEFICIARIES)}
FITNESSES = tuple(Fitness)
WHISTLE = _URGENCY_NUMBER[Urgency.WHISTLE]

ROW = [
    ("status", "u1"),
    ("version", "i4"),
    ("mark", "i8"),
    ("urgency", "u1"),
    ("risky", "?"),
    ("place", "i8"),
    ("start", "i8"),
    ("end", "i8"),
    ("duration", "i8"),
    ("lapses", "i8"),
    ("posted", "i8"),
    ("requester", "i4"),
    ("first_line", "i4"),
    ("lines", "i4"),
    ("asked", "i4"),
    ("shrunk", "?"),
    ("beneficiary", "u1"),
    ("needs", "i8"),
    ("cost_cap", "i8"),
    ("hours", "i4"),
    ("bundle", "?"),
    ("teams", "?"),
    ("guest", "?"),
    ("since", "i8"),  # of a guest: when it came to visit
    # The columns below belong to the folds of rounds and transfers.
    ("net", "i4"),
    ("live", "i4"),
    ("fulfilled", "i4"),
    ("lapsed_version", "i4"),
]
LINE = [("item", "i4"), ("quantity", "i4"), ("siblings", "?"), ("together", "?")]


class DemandFold:
    """Demands by number. A revision appends its lines anew; the old ones are dropped by the next snapshot."""

    def __init__(self, items: ItemIndex, ids: Names[str] | None = None) -> None:
        self.items = items
        self.ids: Names[str] = ids or Names()
        self.table = Table(ROW)
        self.table.grow_to(len(self.ids))
        self.lines = Table(LINE)
        self.requesters: Names[str] = Names()
        self.hours: Names[Calendar] = Names([ALWAYS])

    def number(self, demand_id: str) -> int:
        """Return the row of ``demand_id``, made when it is first mentioned."""
        row = self.ids.number(demand_id)
        if row >= self.table.size:
            self.table.grow_to(row + 1)
        return row

    def fold(self, event: Event[Fact]) -> Fold:
        """Apply one event of the demands topic; raise Refused where it cannot be."""
        match event.data:
            case DemandPosted(demand=demand) | DemandRevised(demand=demand):
                return self._put(demand, event_mark(event.id))
            case DemandWhistled() as data:
                return self._set("urgency", WHISTLE, data, event_mark(event.id))
            case DemandWithdrawn() as data:
                return self._set("status", WITHDRAWN, data, event_mark(event.id))
            case _:
                return Fold.ASIDE

    def _put(self, demand: Demand, mark: int) -> Fold:
        row = self._row_of(demand)
        if not self._is_news(row, demand.version, mark):
            return Fold.SEEN
        self._lay(row, demand, status=OPEN, mark=mark, hours=asking(demand))
        held = self.table.rows[row]
        held["guest"], held["since"] = False, 0
        return Fold.APPLIED

    def put_guest(self, demand: CarriedDemand) -> int:
        """Put a demand of another shard's list on the table, unless as new a version lies there; return its row.

        Raises:
            Refused: unknown_item.
        """
        row = self._row_of(demand)
        if demand.version > self.table.rows["version"][row]:
            hours = ALWAYS if demand.hours is None else calendar_of_spans(demand.hours)
            self._lay(row, demand, status=OPEN if demand.open else WITHDRAWN, mark=0, hours=hours)
            self.table.rows[row]["guest"] = True
        return row

    def _row_of(self, demand: Demand | CarriedDemand) -> int:
        for line in demand.lines:
            if line.item not in self.items.number:
                raise Refused("unknown_item", line.item)
        return self.number(demand.demand_id)

    def _lay(self, row: int, demand: Demand | CarriedDemand, *, status: int, mark: int, hours: Calendar) -> None:
        """Write what a demand says into its row; what other folds know of it stays."""
        shrunk = self._shrinks(row, demand.lines)
        first = self.lines.size
        for line in demand.lines:
            self.lines.append((self.items.number[line.item], line.quantity, line.siblings, line.together))
        held = self.table.rows[row]
        self.table.rows[row] = (
            status,
            demand.version,
            mark,
            _URGENCY_NUMBER[demand.urgency],
            demand.risky,
            int(demand.community),
            to_ms(demand.window.start),
            to_ms(demand.window.end),
            demand.duration_minutes * 60_000,
            to_ms(demand.lapses_at),
            to_ms(demand.posted_at),
            self.requesters.number(demand.requester),
            first,
            len(demand.lines),
            sum(line.quantity for line in demand.lines),
            shrunk,
            _BENEFICIARY_NUMBER[demand.beneficiary],
            bits(FITNESSES, demand.needs),
            FOREVER if demand.cost_cap is None else demand.cost_cap,
            self.hours.number(hours),
            demand.bundle,
            demand.bundle or any(line.together for line in demand.lines),
            held["guest"],
            held["since"],
            held["net"],
            held["live"],
            held["fulfilled"],
            held["lapsed_version"],
        )

    def _shrinks(self, row: int, lines: tuple[DemandLine, ...]) -> bool:
        """Return whether some line ever asked for more seats than now: seats may be held beyond those asked."""
        held = self.table.rows[row]
        before = self.lines.rows["quantity"][held["first_line"] : held["first_line"] + held["lines"]]
        now = [line.quantity for line in lines] + [0] * len(before)
        return bool(held["shrunk"]) or any(less < more for less, more in zip(now, before, strict=False))

    def _set(self, column: str, value: int, data: DemandWhistled | DemandWithdrawn, mark: int) -> Fold:
        if column == "urgency" and not self.is_known(data.demand_id):
            raise Refused("not_found", data.demand_id)
        row = self.number(data.demand_id)
        if not self._is_news(row, data.version, mark):
            return Fold.SEEN
        held = self.table.rows[row]
        held["version"], held["mark"] = data.version, mark
        held[column] = max(value, held[column])
        return Fold.APPLIED

    def is_guest(self, demand_id: str) -> bool:
        """Return whether the demand is from another shard's list."""
        row = self.ids.find(demand_id)
        return row is not None and bool(self.table.rows["guest"][row])

    def is_known(self, demand_id: str) -> bool:
        """Return whether the demand was ever put on the list."""
        row = self.ids.find(demand_id)
        return row is not None and bool(self.table.rows["status"][row] != UNKNOWN)

    def seats(self, row: int, line: int) -> int:
        """Return how many seats a line of a demand asks for; none where it has no such line."""
        held = self.table.rows[row]
        return int(self.lines.rows["quantity"][held["first_line"] + line]) if line < held["lines"] else 0

    def _is_news(self, row: int, version: int, mark: int) -> bool:
        held = self.table.rows[row]
        return is_news(
            status=held["status"], version=held["version"], mark=held["mark"], new_version=version, new_mark=mark
        )


def asking(demand: Demand) -> Calendar:
    """Return when the job may be done, beside the limits of the demand's window."""
    hours = demand.hours()
    return ALWAYS if hours is None else calendar_of(hours)
