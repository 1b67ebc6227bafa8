"""From what was matched to a calendar (RFC 5545).

1. An event is a seat of a demand: whoever takes it, and whenever, it is the same job. So its UID follows from the seat,
   and a job that moves to another time moves in the calendar, too.
2. SEQUENCE counts all that became of the seat in this calendar: it grows with each step, also when nobody fetched.
3. Proposed is TENTATIVE, agreed is CONFIRMED, and what is off is CANCELLED for a week, so that every program hears.
4. The same state gives the same bytes: times are those of the log, and DTSTAMP is the event's LAST-MODIFIED, as the
   standard has it for what is published without a method.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from api.readmodel.queries.calendars import Seat
from api.readmodel.views import AssignmentState, AssignmentView
from schemas.catalogue import Catalogue
from schemas.regions import Regions

PAST = timedelta(days=30)
"""How long a job that is over stays in the calendar."""
_GONE = timedelta(days=7)
_EVERY = timedelta(hours=1)

_STATUS: dict[AssignmentState, str] = {
    "proposed": "TENTATIVE",
    "accepted": "CONFIRMED",
    "confirmed": "CONFIRMED",
    "fulfilled": "CONFIRMED",
    "declined": "CANCELLED",
    "expired": "CANCELLED",
    "revoked": "CANCELLED",
}
_STEPS: dict[AssignmentState, int] = {"proposed": 1, "accepted": 2, "confirmed": 3}
_LAST_STEP = 4
_STATES: dict[AssignmentState, str] = {
    "proposed": "待答复",
    "accepted": "已接受",
    "confirmed": "已确认",
    "fulfilled": "已完成",
    "declined": "已谢绝",
    "expired": "已过期",
    "revoked": "已取消",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Writes calendars; ``key`` makes UIDs that no other house has."""

    key: bytes
    catalogue: Catalogue
    regions: Regions

    def calendar(self, seats: Iterable[tuple[Seat, Sequence[AssignmentView]]], *, party: str, now: datetime) -> bytes:
        """Return the calendar of a party."""
        found = Calendar()
        name = self._name(party)
        found.add("prodid", "-//Cobuild//共建//ZH")
        found.add("version", "2.0")
        found.add("calscale", "GREGORIAN")
        found.add("name", name)
        found.add("x-wr-calname", name)
        found.add("refresh-interval", _EVERY, parameters={"VALUE": "DURATION"})
        found.add("x-published-ttl", "PT1H")
        for seat, became in seats:
            newest = became[-1]
            if _STATUS[newest.state] != "CANCELLED" or _changed(newest) > now - _GONE:
                found.add_component(self._event(seat, became))
        data: bytes = found.to_ical()
        return data

    def _event(self, seat: Seat, became: Sequence[AssignmentView]) -> Event:
        newest = became[-1]
        event = Event()
        event.add("uid", f"{hmac.digest(self.key, repr(seat).encode(), 'sha256').hex()[:32]}@cobuild")
        event.add("sequence", sum(_STEPS.get(view.state, _LAST_STEP) for view in became) - 1)
        event.add("dtstart", newest.starts_at)
        event.add("dtend", newest.ends_at)
        event.add("summary", newest.demand_title or self._item(newest.item))
        event.add("status", _STATUS[newest.state])
        event.add("transp", "TRANSPARENT" if _STATUS[newest.state] == "CANCELLED" else "OPAQUE")
        event.add("location", self._place(newest.community))
        event.add("description", self._description(newest))
        event.add("categories", [self.catalogue.categories[newest.category].zh])
        event.add("created", became[0].proposed_at)
        event.add("last-modified", _changed(newest))
        event.add("dtstamp", _changed(newest))
        return event

    def _description(self, view: AssignmentView) -> str:
        offered = view.resource_title or self._item(view.offered_item)
        lines = (f"服务项目：{self._item(view.item)}", f"资源：{offered}", f"状态：{_STATES[view.state]}")
        return "\n".join((*lines, f"需求编号：{view.demand_id}"))

    def _item(self, item_id: str) -> str:
        known = self.catalogue.items.get(item_id)
        return item_id if known is None else known.zh

    def _place(self, community: str) -> str:
        return "".join(region.name for region in self.regions.path(community)) or community

    def _name(self, party: str) -> str:
        kind, _, name = party.partition(":")
        match kind:
            case "community":
                return f"共建 · {self.regions.name(name, name)}"
            case "unit":
                return "共建 · 本单位的服务与需求"
            case _:
                return "共建 · 我的服务"


def _changed(view: AssignmentView) -> datetime:
    """Return when something last became of an assignment: a round's word, or an answer."""
    return max(view.changed_at, view.answered_at or view.changed_at)
