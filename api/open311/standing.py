"""How a request stands, as a hotline reads it: open or closed, and in a sentence why."""

from datetime import datetime
from typing import Any, Final

from api.readmodel.queries.requests import Asked
from api.readmodel.views import DemandState, DemandView
from schemas.catalogue import Catalogue
from schemas.lives.demand import Need, Outcome
from schemas.regions import Regions

_LISTED: Final[dict[DemandState, str]] = {
    "open": "已登记，正在匹配",
    "partly_matched": "部分名额已匹配",
    "matched": "已匹配，待办理",
    "lapsed": "已过期，未能满足",
    "withdrawn": "已撤回",
}
_NEEDS: Final = {
    "published": "已发布，待登记",
    "collected": "已受理，待核实",
    "returned": "已退回补充",
    "verified": "已核实，待发布",
    "deferred": "暂缓办理",
    "claimed": "已认领，待办理",
    "realised": "已办理，待确认",
    "confirmed": "已确认",
    "closed": "已办结",
    "declined": "不予受理",
    "cancelled": "已取消",
}
_REASONED: Final = frozenset({"returned", "deferred", "declined", "cancelled"})
"""States whose last step says why."""
_OUTCOMES: Final = {Outcome.SOLVED: "已解决", Outcome.PARTLY: "部分解决", Outcome.UNSOLVED: "未解决"}


def request_of(asked: Asked, *, catalogue: Catalogue, regions: Regions) -> dict[str, Any]:
    """Return what was asked for as a request; of several lines the first names the service."""
    said = asked.what.demand if isinstance(asked.what, DemandView) else asked.what
    changes = [said.since] if isinstance(said, Need) else []
    changes += [] if asked.entry is None else [asked.entry.changed_at]
    code = said.lines[0].item if said.lines else None
    known = catalogue.items.get(code or "")
    place = "".join(region.name for region in regions.path(said.community))
    return {
        "service_request_id": asked.id,
        "status": "open" if asked.is_open else "closed",
        "status_notes": _notes(asked.what, asked.entry),
        "service_name": code if known is None else known.zh,
        "service_code": code,
        "description": said.detail or said.title,
        "agency_responsible": place or said.community,
        "service_notice": None,
        "requested_datetime": _written(asked.requested_at),
        "updated_datetime": _written(max(changes)),
        "expected_datetime": None if said.window is None else _written(said.window.end),
        "address": place,
        "address_id": said.community,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _notes(what: Need | DemandView, entry: DemandView | None) -> str:
    match what:
        case DemandView():
            return _listed(what, fulfilled="已办结")
        case Need(state="published") if entry is not None:
            return _listed(entry, fulfilled="已办理，待确认")
        case Need(state="confirmed" | "closed") if what.outcome is not None:
            return f"{_NEEDS[what.state]}：{_OUTCOMES[what.outcome]}"
        case Need(state="merged"):
            return _because(f"已并入 {what.into}", what.reason)
        case _:
            return _because(_NEEDS[what.state], what.reason if what.state in _REASONED else None)


def _listed(entry: DemandView, *, fulfilled: str) -> str:
    note = fulfilled if entry.state == "fulfilled" else _LISTED[entry.state]
    return _because(f"{note}（已匹配 {entry.filled}/{entry.asked}，已完成 {entry.fulfilled}）", entry.reason)


def _because(note: str, reason: str | None) -> str:
    return f"{note}：{reason}" if reason else note


def _written(moment: datetime) -> str:
    """Return an instant as the standard's note on dates has it: to the second, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
