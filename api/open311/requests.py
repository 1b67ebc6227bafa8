"""Requests: from what a hotline posts to a demand and its caller, and from a demand to what a hotline reads."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from api.errors import rejection
from api.problems import Rejection
from api.readmodel.views import DemandState, DemandView
from schemas.catalogue import Catalogue
from schemas.demands import Channel, Demand
from schemas.refusals import FieldRefusal, Refused
from schemas.regions import Regions

WITHIN = timedelta(days=14)
"""How much time there is where the hotline does not say."""
OPEN: tuple[DemandState, ...] = ("open", "partly_matched", "matched")
CLOSED: tuple[DemandState, ...] = ("fulfilled", "lapsed", "withdrawn")

_CALLER = (
    "first_name", "last_name", "phone", "email", "device_id", "account_id", "address_string", "zipcode", "lat", "long",
    "media_url",
)  # fmt: skip
"""What tells who called, or where they live: for the vault alone."""
_PARAMETER = {"detail": "description", "item": "service_code"} | {
    name: f"attribute[{name}]" for name in ("community", "quantity", "start", "end")
}
_NOTES: dict[DemandState, str] = {
    "open": "已登记，正在匹配",
    "partly_matched": "部分名额已匹配",
    "matched": "已匹配，待办理",
    "fulfilled": "已办结",
    "lapsed": "已过期，未能满足",
    "withdrawn": "已撤回",
}


def caller_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return what a request says that only the vault may know."""
    return {name: form[name][:500] for name in _CALLER if form.get(name, "").strip()}


def demand_of(form: Mapping[str, str], *, demand_id: str, at: datetime, catalogue: Catalogue) -> Demand:
    """Return the demand of a request.

    Raises:
        Refused: ``not_found`` for a service that there is not; else a Rejection that names each parameter at fault.
    """
    code = _given(form, "service_code")
    item = catalogue.items.get(code or "")
    if item is None:
        raise Refused("not_found" if code else "invalid_value", "service_code")
    community = _given(form, "attribute[community]") or _given(form, "address_id")
    if community is None:
        wanted = "attribute[community] or address_id: a community's code of 12 digits"
        raise Rejection("invalid_value", wanted, fields=[FieldRefusal("attribute[community]", "bad_region", wanted)])
    said = {name: _given(form, f"attribute[{name}]") for name in ("grid", "urgency", "beneficiary")}
    window = {
        "start": _given(form, "attribute[start]") or at,
        "end": _given(form, "attribute[end]") or at + WITHIN,
    }
    try:
        return Demand.model_validate(
            {
                "demand_id": demand_id,
                "requester": f"community:{community}",
                "title": item.zh,
                "detail": form.get("description", ""),
                "lines": [{"item": item.item_id, "quantity": _given(form, "attribute[quantity]") or 1}],
                "community": community,
                "window": window,
                "channel": Channel.HOTLINE,
                "posted_at": at,
            }
            | {name: value for name, value in said.items() if value is not None}
        )
    except ValidationError as error:
        raise named(rejection(error)) from None


def request_of(view: DemandView, *, catalogue: Catalogue, regions: Regions) -> dict[str, Any]:
    """Return a demand as a request; of several lines the first names the service."""
    demand = view.demand
    known = catalogue.items.get(demand.lines[0].item)
    notes = f"{_NOTES[view.state]}（已匹配 {view.filled}/{view.asked}，已完成 {view.fulfilled}）"
    place = "".join(region.name for region in regions.path(demand.community))
    return {
        "service_request_id": demand.demand_id,
        "status": "open" if view.state in OPEN else "closed",
        "status_notes": notes + (f"：{view.reason}" if view.reason else ""),
        "service_name": demand.lines[0].item if known is None else known.zh,
        "service_code": demand.lines[0].item,
        "description": demand.detail or demand.title,
        "agency_responsible": place or demand.community,
        "service_notice": None,
        "requested_datetime": _written(demand.posted_at),
        "updated_datetime": _written(view.changed_at),
        "expected_datetime": _written(demand.window.end),
        "address": place,
        "address_id": demand.community,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _given(form: Mapping[str, str], name: str) -> str | None:
    return form.get(name, "").strip() or None


def _written(moment: datetime) -> str:
    """Return an instant as the standard's note on dates has it: to the second, in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def named(error: Rejection) -> Rejection:
    """Return a rejection that names the parameters of the request."""
    fields: dict[str, FieldRefusal] = {}
    for field in error.fields:
        steps = field.field.split("/")[1:]
        step = next((step for step in reversed(steps) if step in _PARAMETER), (steps or ["end"])[0])
        parameter = _PARAMETER.get(step, f"attribute[{step}]")
        if step != "requester" or len(error.fields) == 1:  # made of the community, which says it better
            fields.setdefault(parameter, FieldRefusal(parameter, field.code, field.detail))
    return Rejection(error.code, error.detail, fields=list(fields.values()))
