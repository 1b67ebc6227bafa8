"""The shape of each list's entries, filled from the cells of a row."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.bodies import Contact
from api.imports.columns import OF_A_LINE, ListKind
from api.imports.words import BETWEEN
from api.problems import Rejection
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.lives.project_steps import ProjectProposed
from schemas.refusals import FieldRefusal, Refused, refusals_of
from schemas.resources import Resource
from schemas.sharding import DISTRICT

ITEM = "item"
UNNAMED = "x"
"""Stands for the pseudonym of a member while it is not known."""
_SCOPES = {"本社区": 12, "本街道": 9, "本镇": 9, "本区": 6, "本县": 6, "本市": 4, "本省": 2}
_SCOPES |= {"community": 12, "street": 9, "district": 6, "city": 4, "province": 2}
_USCC = re.compile(r"[0-9A-HJ-NP-RTUWXYa-hj-np-rtuwxy]{18}(/[0-9]{1,4})?", re.ASCII)
_COMMUNITY = re.compile(r"[1-9][0-9]{11}", re.ASCII)


class Lookup:
    """Finds items of the catalogue by id or by either name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._ids: dict[str, str | None] = {}
        for item in catalogue.items.values():
            for name in (item.en.lower(), item.zh, item.item_id):
                # A name that two items share means neither of them.
                self._ids[name] = None if self._ids.get(name, item.item_id) != item.item_id else item.item_id

    def item(self, text: str) -> str:
        """Return the id of an item; raise Refused ``unknown_item``, also where a name is not clear."""
        found = self.means(text)
        if found is None:
            raise Refused("unknown_item", text[:100])
        return found

    def items(self, text: str) -> tuple[str, ...]:
        """Return the ids of several items; raise Refused ``unknown_item``."""
        return tuple(self.item(word) for word in BETWEEN.split(text) if word)

    def means(self, text: str) -> str | None:
        """Return the id of an item, or None."""
        return self._ids.get(text) or self._ids.get(text.lower())


def party(text: str) -> str:
    """Return the reference that a cell means: a reference as it is, a USCC as its unit, a code as its community."""
    if _USCC.fullmatch(text):
        return f"unit:{text.upper()}"
    return f"community:{text}" if _COMMUNITY.fullmatch(text) else text


def demand(rows: Sequence[Mapping[str, Any]], *, entry_id: str, at: datetime) -> Demand:
    """Return the demand of a row, or of the rows that are its lines; raise pydantic.ValidationError."""
    lines = [{name: row[name] for name in OF_A_LINE if name in row} for row in rows]
    values = {name: value for name, value in rows[0].items() if name not in OF_A_LINE}
    values["bundle"] = "bundle" in values
    values.pop("joined", None)
    window = {"start": values.pop("start", None), "end": values.pop("end", None)}
    asking = party(values.pop("requester", f"community:{values['community']}"))
    return Demand.model_validate(
        {"demand_id": entry_id, "posted_at": at, "lines": lines, "window": window, "requester": asking, **values}
    )


def resource(rows: Sequence[Mapping[str, Any]], *, entry_id: str, at: datetime) -> Resource:
    """Return the resource of a row; raise pydantic.ValidationError."""
    values = dict(rows[0])
    window = {name: values.pop(name) for name in ("start", "end") if name in values}
    offering = party(values.pop("provider"))
    scope = _scope(values.pop("scope", "本区"), home=values["home"])
    held = BETWEEN.split(values.pop("qualifications", ""))
    admits = values.pop("admits", "")
    more = values.pop("windows", ())
    return Resource.model_validate(
        {
            "resource_id": entry_id,
            "offered_at": at,
            "windows": [*([window] if window else []), *more],
            "provider": offering,
            "scope": scope,
            "qualifications": [code for code in held if code],
            "admits": [_admitted(word, home=values["home"]) for word in BETWEEN.split(admits) if word],
            **values,
        }
    )


def project(rows: Sequence[Mapping[str, Any]], *, entry_id: str, at: datetime) -> ProjectProposed:
    """Return the proposal of a row; raise pydantic.ValidationError."""
    told = dict(rows[0])
    lead = party(told.pop("lead"))
    bound = {name: _words(told.pop(name, "")) for name in ("demands", "resources", "assignments")}
    joined = [party(word) for word in _words(told.pop("partners", ""))]
    ours = {"id": entry_id, "step": 1, "at": at, "by": party(told.pop("by", lead))}
    return ProjectProposed.model_validate({"lead": lead, "partners": joined} | bound | told | ours)


def unit(rows: Sequence[Mapping[str, Any]], *, entry_id: str, at: datetime) -> UnitEnrolled:
    """Return the unit of a row; raise pydantic.ValidationError."""
    told = {name: value for name, value in rows[0].items() if not name.startswith("liaison_")}
    return UnitEnrolled.model_validate(told | {"enrolled_at": at})


def member(rows: Sequence[Mapping[str, Any]], *, entry_id: str, at: datetime) -> MemberEnrolled:
    """Return the member of a row; raise pydantic.ValidationError."""
    told = {name: value for name, value in rows[0].items() if not name.startswith("contact_")}
    held = BETWEEN.split(told.pop("qualifications", ""))
    home = {"home_unit": party(told.pop("home_unit"))} if "home_unit" in told else {}
    ours = {"enrolled_at": at, "qualifications": [code for code in held if code]}
    return MemberEnrolled.model_validate({"member_ref": UNNAMED} | told | home | ours)


def identity(row: Mapping[str, Any]) -> dict[str, str]:
    """Return what a row says for the vault alone; raise Rejection, which repeats none of it."""
    given = {name: value for name, value in row.items() if name.startswith(("liaison_", "contact_"))}
    try:
        return Contact.model_validate({name.partition("_")[2]: value for name, value in given.items()}).fields()
    except ValidationError as error:
        prefix = next(iter(given)).partition("_")[0]
        fields = [FieldRefusal(f"#/{prefix}_{wrong.field}", wrong.code, "") for wrong in refusals_of(error)]
        raise Rejection("invalid_value", fields=fields) from None


def _words(text: str) -> list[str]:
    return [word for word in BETWEEN.split(text) if word]


def _scope(text: str, *, home: str) -> list[str]:
    """Return prefixes: words such as 本区 by their level around ``home``, codes without their padding."""
    return [home[: _SCOPES[word]] if word in _SCOPES else _prefix(word) for word in BETWEEN.split(text) if word]


def _admitted(word: str, *, home: str) -> str:
    """Return whom a word admits: a region, by level or code; or else a party."""
    if word in _SCOPES or word.isdigit():
        return _scope(word, home=home)[0]
    return party(word)


def _prefix(code: str) -> str:
    stripped = code.rstrip("0") if _COMMUNITY.fullmatch(code) else code
    return next((code[:level] for level in (2, 4, DISTRICT, 9, 12) if len(stripped) <= level), code)


BUILD: dict[ListKind, Any] = {
    "demands": demand,
    "resources": resource,
    "projects": project,
    "units": unit,
    "members": member,
}
