"""What is exported says the same when it is read again, whatever stands in its texts."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.checks import Checks
from api.exports.csvs import BOM, csv_part
from api.exports.rows import Listed, Rows
from api.exports.workbook import Sheet
from api.imports.cells import read
from api.imports.columns import COLUMNS, ListKind
from api.imports.headers import find_header
from api.imports.occasions import of_recurring, of_windows, recurring, windows
from api.imports.rows import Parsed, RowParser, content_of
from api.imports.shapes import Lookup
from api.readmodel.views import DemandView, ResourceView
from schemas.base import Window
from schemas.catalogue import load_catalogue
from schemas.demands import Beneficiary, Channel, Demand, DemandLine, Fitness, Urgency
from schemas.recurrence import Recurrence
from schemas.refusals import Refused
from schemas.regions import Regions
from schemas.resources import AccessMode, DeliveryMode, Resource, ResourceKind

CATALOGUE = load_catalogue()
CHECKS = Checks(catalogue=CATALOGUE, regions=Regions.builtin("cn"), horizon=timedelta(days=4000))
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
SATURDAYS = Recurrence(
    first=Window(start="2026-11-28T01:00Z", end="2026-11-28T04:00:30Z"),
    rule="FREQ=WEEKLY;COUNT=20;BYDAY=SA",
    except_on=("2026-12-05", "2026-12-12"),
)
LAST_FRIDAY = Recurrence(
    first=Window(start="2026-11-27T00:00Z", end="2026-11-27T02:00Z"),
    rule="FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR",
    zone="Asia/Tokyo",
)

moments = st.datetimes(datetime(2026, 12, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001 - the zone is next
    lambda moment: moment.replace(tzinfo=UTC)
)
items = st.sampled_from(sorted(CATALOGUE.items))
_odd = st.text(st.sampled_from("=+-@'\"；,;|/ \t\r\n_x0041\x01组A是否＝"), max_size=12) | st.text(max_size=12)
# A cell has no blanks around it; U+0000 is in no text, and what is no character at all becomes U+FFFD.
texts = _odd.map(lambda text: re.sub("[\0\ufffe\uffff]", "", text).strip())


def one_or_none(values: Any) -> Any:
    return st.none() | values


@st.composite
def spans(draw: Any) -> Window:
    start = draw(moments)
    return Window(start=start, end=start + timedelta(minutes=draw(st.integers(60, 60_000))))


@st.composite
def demands(draw: Any) -> Demand:
    lines = st.builds(
        DemandLine, item=items, quantity=st.integers(1, 50), siblings=st.booleans(), together=st.booleans()
    )
    window = draw(spans())
    found: dict[str, Any] = {
        "demand_id": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,8}", fullmatch=True)),
        "requester": draw(st.sampled_from(["community:310105001001", "unit:91310105MA1FW0008T/2", "system:hotline"])),
        "title": f"{draw(texts)}组",
        "detail": draw(texts),
        "lines": draw(st.lists(lines, min_size=1, max_size=4)),
        "bundle": draw(st.booleans()),
        "community": "310105001001",
        "grid": draw(one_or_none(st.just("G03-02"))),
        "window": window,
        "deadline": draw(one_or_none(st.just(window.end))),
        "urgency": draw(st.sampled_from(Urgency)),
        "channel": draw(st.sampled_from(Channel)),
        "beneficiary": draw(st.sampled_from(Beneficiary)),
        "micro_wish": draw(st.booleans()),
        "needs": draw(st.lists(st.sampled_from(Fitness), max_size=3)),
        "cost_cap": draw(one_or_none(st.integers(0, 10**9))),
        "posted_at": NOW,
    }
    return Demand.model_validate(found)


@st.composite
def resources(draw: Any) -> Resource:
    access = draw(st.sampled_from(AccessMode))
    found: dict[str, Any] = {
        "resource_id": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,8}", fullmatch=True)),
        "provider": draw(st.sampled_from(["unit:91310105MA1FW0008T", "community:310105001001", "team:a_b"])),
        "title": f"{draw(texts)}t",
        "detail": draw(texts),
        "item": draw(items),
        "kind": draw(st.sampled_from(ResourceKind)),
        "capacity": draw(st.integers(1, 100)),
        "renewable": draw(st.booleans()),
        "windows": draw(st.lists(spans(), max_size=3)),
        "recurring": draw(st.sampled_from([(), (SATURDAYS,), (SATURDAYS, LAST_FRIDAY)])),
        "scope": draw(st.sampled_from([["31"], ["310105001001", "3101"], ["310105", "310106001"]])),
        "home": "310105001001",
        "access": access,
        "delivery": draw(one_or_none(st.sampled_from(DeliveryMode))),
        "notice_minutes": draw(st.integers(0, 1000)),
        "qualifications": draw(st.sampled_from([[], ["medical_licence", "insurance"]])),
        "serves": draw(st.lists(st.sampled_from(Beneficiary), max_size=2)),
        "fitness": draw(st.lists(st.sampled_from(Fitness), max_size=2)),
        "fee": draw(one_or_none(st.integers(0, 500))) if access is AccessMode.PAID else None,
        "admits": draw(st.sampled_from([[], ["310105", "unit:91310105MA1FW0008T", "community:310105001001"]])),
        "auto_accept": draw(st.booleans()),
        "valid_from": draw(one_or_none(st.just(NOW))),
        "valid_to": draw(one_or_none(moments)),
        "offered_at": NOW,
    }
    found["per_occasion"] = found["renewable"] and draw(st.booleans())
    return Resource.model_validate(found)


def listed(entry: Demand | Resource) -> Listed:
    """Return an entry as the lists have it."""
    if isinstance(entry, Demand):
        return DemandView(
            demand=entry, version=1, state="open", reason=None, categories=(), asked=1, filled=0, fulfilled=0,
            open_seats=1, sits_in=(), changed_at=NOW,
        )  # fmt: skip
    return ResourceView(
        resource=entry, version=1, state="published", reason=None, category="", live=0, fulfilled=0, free=1,
        changed_at=NOW,
    )  # fmt: skip


def exported(entries: Iterable[Demand | Resource], kind: ListKind, form: str) -> bytes:
    rows = Rows(kind, CATALOGUE)
    cells = rows.of_all(map(listed, entries))
    if form == "csv":
        return BOM + csv_part([rows.headers, *cells])
    sheet, data = Sheet(title="t", headers=rows.headers), io.BytesIO()
    sheet.add(cells)
    sheet.save(data)
    return data.getvalue()


def imported(data: bytes, kind: ListKind, form: str) -> list[Parsed]:
    rows = read(data, form="csv" if form == "csv" else "sheet", most_rows=1000)
    header, places = find_header(rows, columns=COLUMNS[kind])
    return RowParser(kind, places, CHECKS, Lookup(CATALOGUE), NOW).parse(rows[header + 1 :], first=header + 2)


def again(entries: list[Any], kind: ListKind, form: str) -> list[tuple[str, str]]:
    """Return id and content of what an import makes of an export."""
    found = []
    for parsed in imported(exported(entries, kind, form), kind, form):
        assert parsed.entry is not None, parsed.faults
        entry: Any = parsed.entry
        found.append((entry.demand_id if kind == "demands" else entry.resource_id, content_of(entry)))
    return found


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@given(found=st.lists(demands(), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_demands_come_back_as_they_went(form: str, found: list[Demand]) -> None:
    assert again(found, "demands", form) == [(entry.demand_id, content_of(entry)) for entry in found]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@given(found=st.lists(resources(), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_resources_come_back_as_they_went(form: str, found: list[Resource]) -> None:
    assert again(found, "resources", form) == [(entry.resource_id, content_of(entry)) for entry in found]


@given(text=texts)
@example("=1+1")
@example("'=1+1")
@example("-")
@example("\uffff")
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    (cells,) = csv.reader(io.StringIO(csv_part([[text, "x"]]).decode(), newline=""))
    assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    sheet, data = Sheet(title="t", headers=("a",)), io.BytesIO()
    sheet.add([[text]])
    sheet.save(data)
    cell = load_workbook(data).active["A2"]
    assert cell.data_type in ("s", "n") and (cell.value is None or isinstance(cell.value, str))
    assert cell.value is None or cell.quotePrefix


def test_times_are_shanghai_s_and_short_where_they_can_be() -> None:
    whole = Window(start="2026-11-25T01:00Z", end="2026-11-25T04:00:00.5Z")
    assert of_windows((whole,)) == "2026-11-25 09:00/2026-11-25 12:00:00.500000"
    assert [Window(**each) for each in windows(of_windows((whole, whole)))] == [whole, whole]
    told = of_recurring((SATURDAYS, LAST_FRIDAY))
    assert told.startswith("2026-11-28 09:00/2026-11-28 12:00:30 FREQ=WEEKLY;COUNT=20;BYDAY=SA TZID=Asia/Shanghai")
    assert tuple(Recurrence(**each) for each in recurring(told)) == (SATURDAYS, LAST_FRIDAY)


@pytest.mark.parametrize(
    "text", ["2026-11-25", "2026-11-25 09:00/", "2026-11-25/2026-11-26 FREQ", "soon/later", "FREQ=DAILY"]
)
def test_what_is_no_window_that_comes_again_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_time"):
        recurring(text)


def test_people_may_leave_out_what_goes_without_saying() -> None:
    (told,) = recurring("2026-11-28 9:00/2026年11月28日 12:00 RRULE:FREQ=WEEKLY")
    assert Recurrence(**told).first == Window(start="2026-11-28T01:00Z", end="2026-11-28T04:00Z")
    assert [each["end"].isoformat() for each in windows("2026-11-28/2026-11-28\n")] == ["2026-11-29T00:00:00+08:00"]
