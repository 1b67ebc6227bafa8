"""What the API looks at beyond the shape of an entry: the catalogue, the clock, USCCs; and what it only remarks on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain

from pydantic import BaseModel

from api.problems import Messages, Rejection
from schemas.base import Window
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.refusals import FieldRefusal
from schemas.regions import Regions
from schemas.resources import Resource
from schemas.uscc import parse_uscc


class Notice(BaseModel):
    """Something to look at again; the entry was taken all the same."""

    code: str
    pointer: str
    messages: Messages


_NOTICES = {
    "unknown_region": Messages(
        zh="区划名录中没有这个代码，已照原样登记。",
        en="The listing of regions does not have this code; taken as it is.",
    ),
    "unknown_qualification": Messages(zh="没有任何类别要求这种资质。", en="No category asks for this qualification."),
}


@dataclass(frozen=True, slots=True)
class Checks:
    """Refuses what cannot be served; returns what deserves a second look.

    Every method raises Rejection with a pointer to each field at fault.
    """

    catalogue: Catalogue
    regions: Regions
    horizon: timedelta

    def demand(self, demand: Demand, *, now: datetime) -> tuple[Notice, ...]:
        """Check a demand as of ``now``."""
        last = (demand.hours() or ())[-1:] if demand.window.end > now else ()
        items = ((f"#/lines/{place}/item", line.item) for place, line in enumerate(demand.lines))
        _raise(
            [
                *self._items(items),
                *_party("#/requester", demand.requester),
                *self._window("#/window", demand.window, now=now),
                *(fault for hour in last for fault in self._window("#/recurring", hour, now=now)),
                *_moment("#/deadline", demand.deadline, now=now),
            ]
        )
        return tuple(self._region("#/community", demand.community))

    def resource(self, resource: Resource, *, now: datetime) -> tuple[Notice, ...]:
        """Check a resource as of ``now``: one with windows needs one that has not passed."""
        hours = resource.hours() or ()
        shown = [window for window in hours if window.end > now] or hours[-1:]
        under = "#/recurring" if not resource.windows else "#/windows"
        _raise(
            [
                *self._items([("#/item", resource.item)]),
                *_party("#/provider", resource.provider),
                *(fault for i, who in enumerate(resource.admits) for fault in _party(f"#/admits/{i}", who)),
                *chain.from_iterable(self._window(under, window, now=now) for window in shown),
                *_moment("#/valid_to", resource.valid_to, now=now),
            ]
        )
        places = [("#/home", resource.home), *((f"#/scope/{i}", code) for i, code in enumerate(resource.scope))]
        return (
            *(notice for pointer, code in places for notice in self._region(pointer, code)),
            *self._qualifications(resource.qualifications),
        )

    def unit(self, unit: UnitEnrolled) -> tuple[Notice, ...]:
        """Check a unit."""
        return tuple(self._region("#/community", unit.community))

    def member(self, member: MemberEnrolled) -> tuple[Notice, ...]:
        """Check a member."""
        skills = ((f"#/skills/{place}", item) for place, item in enumerate(member.skills))
        _raise([*self._items(skills), *_party("#/home_unit", member.home_unit)])
        return (*self._region("#/community", member.community), *self._qualifications(member.qualifications))

    def _items(self, items: Iterable[tuple[str, str]]) -> Iterator[FieldRefusal]:
        known = self.catalogue.items
        return (FieldRefusal(pointer, "unknown_item", item) for pointer, item in items if item not in known)

    def _window(self, pointer: str, window: Window, *, now: datetime) -> Iterator[FieldRefusal]:
        if window.end <= now:
            yield FieldRefusal(f"{pointer}/end", "window_passed", window.end.isoformat())
        elif window.end - now > self.horizon or now - window.start > self.horizon:
            yield FieldRefusal(pointer, "impossible_window", f"further than {self.horizon.days} days from now")

    def _region(self, pointer: str, code: str) -> Iterator[Notice]:
        if not _known(self.regions, code):
            yield Notice(code="unknown_region", pointer=pointer, messages=_NOTICES["unknown_region"])

    def _qualifications(self, codes: Iterable[str]) -> Iterator[Notice]:
        asked = self.catalogue.qualifications
        messages = _NOTICES["unknown_qualification"]
        for place, code in enumerate(codes):
            if code not in asked:
                yield Notice(code="unknown_qualification", pointer=f"#/qualifications/{place}", messages=messages)


@lru_cache(maxsize=200_000)
def _known(regions: Regions, code: str) -> bool:
    return regions.known(code)


def _party(pointer: str, party: str | None) -> Iterator[FieldRefusal]:
    kind, _, name = (party or "").partition(":")
    if kind == "unit":
        try:
            parse_uscc(name.partition("/")[0])
        except ValueError:
            yield FieldRefusal(pointer, "bad_uscc", "the check character does not fit")


def _moment(pointer: str, moment: datetime | None, *, now: datetime) -> Iterator[FieldRefusal]:
    if moment is not None and moment <= now:
        yield FieldRefusal(pointer, "window_passed", moment.isoformat())


def _raise(faults: list[FieldRefusal]) -> None:
    if faults:
        codes = {fault.code for fault in faults}
        code = faults[0].code if len(codes) == 1 else "invalid_value"
        raise Rejection(code, "; ".join(f"{fault.field}: {fault.detail}" for fault in faults)[:2000], fields=faults)
