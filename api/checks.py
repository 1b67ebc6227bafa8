"""What the API looks at beyond the shape of an entry: the catalogue, the clock, USCCs; and what it only remarks on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain

from pydantic import BaseModel

from api.problems import Messages, Rejection
from schemas.admission import Admission, by_department
from schemas.base import Window
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.industries import is_listed
from schemas.lifecycle import Step
from schemas.member_classes import CLASS_RULES, may_enrol
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
    "unknown_industry_system": Messages(
        zh="行业系统名录中没有这一项，已照原样登记。",
        en="The list of industry systems has no such entry; taken as it is.",
    ),
    "no_home_unit": Messages(
        zh="在职党员由单位与社区双管，请补充所在单位。",
        en="Members in service are managed by unit and community; add the home unit.",
    ),
}


@dataclass(frozen=True, slots=True)
class Checks:
    """Refuses what cannot be served; returns what deserves a second look.

    Every method raises Rejection with a pointer to each field at fault.
    """

    catalogue: Catalogue
    regions: Regions
    horizon: timedelta
    admission: Admission | None = None
    """The list that departments' matters are held against; without one they are not."""

    def demand(self, demand: Demand, *, now: datetime) -> tuple[Notice, ...]:
        """Check a demand as of ``now``."""
        last = (demand.hours() or ())[-1:] if demand.window.end > now else ()
        items = ((f"#/lines/{place}/item", line.item) for place, line in enumerate(demand.lines))
        _raise(
            [
                *self._items(items),
                *self._admitted(demand),
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
        return (*self._region("#/community", unit.community), *_industry(unit.industry_system))

    def member(self, member: MemberEnrolled) -> tuple[Notice, ...]:
        """Check a member."""
        _raise([*self._skills(member.skills), *_class(member), *_party("#/home_unit", member.home_unit)])
        return (
            *self._region("#/community", member.community),
            *self._qualifications(member.qualifications),
            *_home_unit(member),
        )

    def step(self, step: Step, *, now: datetime) -> None:
        """Check what a step of a life may say: items of the catalogue, a unit that can be, a window to come."""
        skills: Iterable[str] = getattr(step, "skills", None) or ()
        items: Iterable[str] = getattr(step, "items", None) or ()
        item: str | None = getattr(step, "item", None)
        window: Window | None = getattr(step, "window", None)
        _raise(
            [
                *self._skills(skills),
                *self._items((f"#/items/{place}", each) for place, each in enumerate(items)),
                *self._items([] if item is None else [("#/item", item)]),
                *_party("#/home_unit", getattr(step, "home_unit", None)),
                *(() if window is None else self._window("#/window", window, now=now)),
            ]
        )

    def _skills(self, skills: Iterable[str]) -> Iterator[FieldRefusal]:
        return self._items((f"#/skills/{place}", item) for place, item in enumerate(skills))

    def _items(self, items: Iterable[tuple[str, str]]) -> Iterator[FieldRefusal]:
        known = self.catalogue.items
        return (FieldRefusal(pointer, "unknown_item", item) for pointer, item in items if item not in known)

    def _admitted(self, demand: Demand) -> Iterator[FieldRefusal]:
        if self.admission is None or not by_department(demand):
            return
        for place, line in enumerate(demand.lines):
            if line.item in self.catalogue.items and not self.admission.admits(line.item):
                matter = self.admission.of(line.item)
                reason = f"{matter.zh} {matter.en}" if matter else f"not on list {self.admission.version}"
                yield FieldRefusal(f"#/lines/{place}/item", "matter_not_admitted", f"{line.item}: {reason}")

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


def _class(member: MemberEnrolled) -> Iterator[FieldRefusal]:
    if not may_enrol(member.member_class, member.kind):
        yield FieldRefusal("#/kind", "not_of_class", f"{member.member_class}: {member.kind}")


def _home_unit(member: MemberEnrolled) -> Iterator[Notice]:
    if member.home_unit is None and CLASS_RULES[member.member_class].needs_home_unit:
        yield Notice(code="no_home_unit", pointer="#/home_unit", messages=_NOTICES["no_home_unit"])


def _industry(said: str | None) -> Iterator[Notice]:
    if said is not None and not is_listed(said):
        messages = _NOTICES["unknown_industry_system"]
        yield Notice(code="unknown_industry_system", pointer="#/industry_system", messages=messages)


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
