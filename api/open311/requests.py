"""Requests: from what a hotline posts to a need, as it would stand on the list, and its caller."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from api.errors import rejection
from api.problems import Rejection
from schemas.catalogue import Catalogue
from schemas.demands import Channel, Demand
from schemas.lives.demand import ASKED, DemandCollected
from schemas.refusals import FieldRefusal, Refused

WITHIN = timedelta(days=14)
"""How much time there is where the hotline does not say."""
HOTLINE = "system:hotline"
"""Who takes down what a hotline posts."""

_CALLER = (
    "first_name", "last_name", "phone", "email", "device_id", "account_id", "address_string", "zipcode", "lat", "long",
    "media_url",
)  # fmt: skip
"""What tells who called, or where they live: for the vault alone."""
_PARAMETER = {"detail": "description", "item": "service_code"} | {
    name: f"attribute[{name}]" for name in ("community", "quantity", "start", "end")
}


def caller_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return what a request says that only the vault may know."""
    return {name: form[name][:500] for name in _CALLER if form.get(name, "").strip()}


def demand_of(form: Mapping[str, str], *, demand_id: str, at: datetime, catalogue: Catalogue) -> Demand:
    """Return the demand that a request would be on the list.

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


def need_of(asked: Demand) -> DemandCollected:
    """Return the need that a request is: what it said, so that whoever verifies it sees what is still open."""
    said = {name: getattr(asked, name) for name in ASKED if name in asked.model_fields_set}
    return DemandCollected(
        id=asked.demand_id,
        step=1,
        community=asked.community,
        by=HOTLINE,
        at=asked.posted_at,
        title=asked.title,
        requester=asked.requester,
        **said,
    )


def _given(form: Mapping[str, str], name: str) -> str | None:
    return form.get(name, "").strip() or None


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
