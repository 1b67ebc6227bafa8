"""Reading what happened: Boston's requests of 2015 and what its departments closed a day.

The files and their licence are named in ``docs/data.md``. Times in the file are wall-clock times of
Boston without an offset; here they are instants in UTC.
"""

import csv
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from schemas.data import DATA

LOCAL = ZoneInfo("America/New_York")
BOSTON = DATA / "boston"


@dataclass(frozen=True, slots=True)
class Request:
    """One service request as the city logged it; ``due_at`` and ``closed_at`` may be missing."""

    request_id: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    item: str
    department: str
    community: str
    channel: str

    @property
    def category(self) -> str:
        """The category part of the item."""
        return self.item.partition(".")[0]

    @property
    def street(self) -> str:
        """The 9-digit prefix of the neighbourhood."""
        return self.community[:9]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one department closed of one item in one neighbourhood: its observed pace."""

    number: int
    department: str
    item: str
    street: str
    active_days: int
    closed_total: int
    per_active_day: int
    most_in_a_day: int


def utc_of(text: str) -> datetime | None:
    """Return a local wall-clock time as an instant in UTC, None for an empty field.

    Where clocks go back the first of the two instants is taken; a time that daylight saving skipped is read with
    the offset before the jump. Both are ``fold=0`` of PEP 495.
    """
    if not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)


def read_requests(*, path: Path = BOSTON / "requests.tsv.xz", until: date | None = None) -> list[Request]:
    """Return the requests opened before local midnight of ``until``, in the order in which they were opened.

    Raises:
        ValueError: a row does not hold what it should; the message names it.
    """
    found = [_request(row) for row in _rows(path)]
    if until is not None:
        limit = datetime(until.year, until.month, until.day, tzinfo=LOCAL)
        found = [request for request in found if request.opened_at < limit]
    return sorted(found, key=lambda request: (request.opened_at, request.request_id))


def read_cells(*, path: Path = BOSTON / "capacity.tsv") -> list[Cell]:
    """Return every department's pace by item and neighbourhood, numbered by its row."""
    return [
        Cell(
            number=number,
            department=row["department"],
            item=row["item_id"],
            street=row["street_code"][:9],
            active_days=int(row["active_days"]),
            closed_total=int(row["closed_total"]),
            per_active_day=max(1, round(float(row["median_per_active_day"]))),
            most_in_a_day=int(row["max_per_day"]),
        )
        for number, row in enumerate(_rows(path), start=1)
    ]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter="\t")


def _request(row: dict[str, str]) -> Request:
    opened_at = utc_of(row["opened_at"])
    if opened_at is None:
        raise ValueError(f"request {row['request_id']} has no opening time")
    return Request(
        request_id=row["request_id"],
        opened_at=opened_at,
        due_at=utc_of(row["due_at"]),
        closed_at=utc_of(row["closed_at"]),
        item=row["item_id"],
        department=row["department"],
        community=row["community_code"],
        channel=row["channel"],
    )
