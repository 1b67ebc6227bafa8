"""Enrolments 报到: a unit, or a member by unit link or by residence, reports to a community, serves there, and leaves.

1. Of one party there is one open enrolment of a kind.
2. The home unit and the community served are two fields. A transfer changes the community alone: it ends the enrolment,
   and a new one is applied for where the party goes, with everything else as it was.
3. The registry (``schemas.enrolment``) lists who is enrolled. It follows from the steps; who was entered there in the
   quick way has a life from the first step on that is taken with it.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Literal, Self

from pydantic import model_validator

from schemas.base import EntityId, Moment, PartyRef, Reason, RegionCode, Title
from schemas.enrolment import (
    Availability,
    Enrolled,
    EnrolmentKind,
    IndustrySystem,
    Left,
    MemberClass,
    MemberEnrolled,
    MemberLeft,
    Qualifications,
    Skills,
    UnitEnrolled,
    UnitLeft,
    kind_of,
)
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.uscc import parse_uscc


class _Begun(Step):
    """Who reports, and what there is to know."""

    party: PartyRef
    kind: EnrolmentKind | None = None
    name: Title | None = None
    industry_system: IndustrySystem | None = None
    member_class: MemberClass | None = None
    home_unit: PartyRef | None = None
    skills: Skills = ()
    qualifications: Qualifications = ()
    availability: Availability = ()

    @model_validator(mode="after")
    def _is_told_of_what_it_is(self) -> Self:
        sort, _, name = self.party.partition(":")
        if sort == "unit":
            parse_uscc(name.partition("/")[0])
            if self.name is None:
                raise ValueError("invalid_value: a unit is told by its name")
            if any((self.kind, self.member_class, self.home_unit, self.skills, self.availability)):
                raise ValueError("invalid_value: a unit has no class, kind, home unit or skills")
        elif sort == "member":
            if self.kind is None or self.member_class is None:
                raise ValueError("invalid_value: a member says of which class, and by unit link or by residence")
            if self.name is not None or self.industry_system is not None:
                raise ValueError("personal_data: a member's name goes to the vault, not into an event")
        else:
            raise ValueError("invalid_value: units and members report")
        return self


class EnrolmentApplied(_Begun):
    """A unit or a member asks to report to a community."""

    came_from: EntityId | None = None


class EnrolmentRegistered(_Begun):
    """A community enters whoever stands before it, enrolled at once."""


class EnrolmentReturned(Step):
    """Something is missing from what was applied for."""

    reason: Reason


class _Corrected(Step):
    """What is said replaces what was said before; what is left out stays."""

    name: Title | None = None
    industry_system: IndustrySystem | None = None
    member_class: MemberClass | None = None
    home_unit: PartyRef | None = None
    skills: Skills | None = None
    qualifications: Qualifications | None = None
    availability: Availability | None = None


class EnrolmentResumed(_Corrected):
    """What was returned is handed in again, corrected."""


class EnrolmentGranted(Step):
    """The community takes in whoever applied."""


class EnrolmentRefused(Step):
    """The community does not take in whoever applied."""

    reason: Reason


class EnrolmentRevised(_Corrected):
    """What is known of whoever is enrolled changed."""


class EnrolmentPosted(Step):
    """It has a post 岗位."""

    post: EntityId


class EnrolmentStarted(Step):
    """It serves."""


class EnrolmentRelieved(Step):
    """It has no post any more."""

    reason: Reason | None = None


class EnrolmentTransferred(Step):
    """Service goes on in another community; the Party organisation it belongs to stays the same."""

    to: RegionCode
    reason: Reason | None = None


class EnrolmentLoggedOff(Step):
    """It is over."""

    reason: Reason | None = None


class Enrolment(Life):
    """An enrolment as it stands. ``community`` is where it serves, ``home_unit`` where it belongs."""

    party: PartyRef
    kind: EnrolmentKind | None = None
    name: Title | None = None
    industry_system: IndustrySystem | None = None
    member_class: MemberClass | None = None
    home_unit: PartyRef | None = None
    skills: Skills = ()
    qualifications: Qualifications = ()
    availability: Availability = ()
    came_from: EntityId | None = None
    enrolled_at: Moment | None = None
    post: EntityId | None = None
    to: RegionCode | None = None
    goes_on_as: EntityId | None = None
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who reports, to whom, and the unit a member belongs to."""
        home = (self.home_unit,) if self.home_unit else ()
        return (self.opened_by, self.party, f"community:{self.community}", *home)

    @property
    def holds(self) -> str:
        """One open enrolment of a kind."""
        return held_by(self.party, self.kind)

    @classmethod
    def meant(cls, fact: Step) -> dict[str, Any]:
        """Return how it is called: as the unit is, or by the member's pseudonym; and since when it holds."""
        since = {"enrolled_at": fact.at} if isinstance(fact, EnrolmentRegistered) else {}
        return since | ({"title": fact.name or fact.party} if isinstance(fact, _Begun) else {})

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what changes; raise Refused where a transfer leads nowhere."""
        changes = super().after(fact)
        match fact:
            case EnrolmentGranted():
                return changes | {"enrolled_at": fact.at}
            case EnrolmentRelieved():
                return changes | {"post": None}
            case EnrolmentTransferred():
                if fact.to == self.community:
                    raise Refused("invalid_value", "it serves there already", field="#/to")
                return changes | {"goes_on_as": _next_id(self.id)}
            case _Corrected():
                return self._corrected({name: value for name, value in changes.items() if value is not None})
        return changes

    def _corrected(self, changes: dict[str, Any]) -> dict[str, Any]:
        others = _OF_MEMBERS if self.is_of_unit else _OF_UNITS
        wrong = sorted(others & changes.keys())
        if wrong:
            code = "invalid_value" if self.is_of_unit else "personal_data"
            raise Refused(code, f"not told of {self.party.partition(':')[0]}s", field=f"#/{wrong[0]}")
        return changes | ({"title": changes["name"]} if "name" in changes else {})

    @property
    def is_of_unit(self) -> bool:
        """Whether a unit reports, and not a member."""
        return self.kind is None

    def entry(self, version: int) -> Enrolled:
        """Return what the registry holds of it, as of ``version``."""
        ours = {"version": version, "community": self.community, "enrolled_at": self.enrolled_at}
        ours |= {"enrolment_id": self.id} | _key(self.party)
        names = (UnitEnrolled if self.is_of_unit else MemberEnrolled).model_fields
        said = {name: getattr(self, name) for name in _SAID if name in names}
        return (UnitEnrolled if self.is_of_unit else MemberEnrolled).model_validate(ours | said)

    def departure(self, version: int, *, at: datetime) -> Left:
        """Return what ends its entry of the registry."""
        ours = {"version": version, "community": self.community, "left_at": at, "reason": self.reason, "to": self.to}
        if self.is_of_unit:
            return UnitLeft.model_validate(ours | _key(self.party))
        return MemberLeft.model_validate(
            ours | _key(self.party) | {"kind": self.kind, "member_class": self.member_class}
        )

    def going_on(self, *, by: PartyRef, at: datetime) -> EnrolmentApplied:
        """Return the application in the community it goes to."""
        said = {name: getattr(self, name) for name in ("party", "kind", *_SAID)}
        ours = {"id": self.goes_on_as, "step": 1, "community": self.to, "by": by, "at": at, "came_from": self.id}
        return EnrolmentApplied.model_validate(ours | said)


_SAID: Final = (
    "kind", "name", "industry_system", "member_class", "home_unit", "skills", "qualifications", "availability",
)  # fmt: skip
"""What is told of whoever reports."""
_OF_UNITS: Final = frozenset({"name", "industry_system"})
_OF_MEMBERS: Final = frozenset(_SAID) - _OF_UNITS


def held_by(party: PartyRef, kind: EnrolmentKind | None) -> str:
    """Return the name that an open enrolment of a party holds."""
    return f"{party} {kind or 'unit'}"


def _key(party: PartyRef) -> dict[str, Any]:
    sort, _, name = party.partition(":")
    if sort == "member":
        return {"member_ref": name}
    uscc, _, branch = name.partition("/")
    return {"uscc": uscc, "branch": int(branch or 0)}


def _next_id(enrolment_id: str) -> str:
    return f"e-{blake2b(enrolment_id.encode(), digest_size=12).hexdigest()}"


Letter = Literal["n", "u", "r"]
_LETTERS: Final[dict[EnrolmentKind | None, Letter]] = {
    None: "n", EnrolmentKind.UNIT_LINK: "u", EnrolmentKind.RESIDENCE: "r",
}  # fmt: skip


def id_of(entry: Enrolled) -> EntityId:
    """Return the id of an entry's life: its own, or the one it will have, such as ``r1.m-7f3a``."""
    name = entry.party.partition(":")[2].replace("/", ".")
    return entry.enrolment_id or f"{_LETTERS[kind_of(entry)]}{entry.version}.{name}"


def party_of(enrolment_id: str) -> tuple[PartyRef, EnrolmentKind | None] | None:
    """Return party and kind of an id that ``id_of`` made; None for any other."""
    head, _, name = enrolment_id.partition(".")
    kind = next((kind for kind, letter in _LETTERS.items() if head.startswith(letter)), None)
    if not head[1:].isdecimal() or head[0] not in _LETTERS.values() or not name:
        return None
    return (f"unit:{name.replace('.', '/')}", None) if head[0] == "n" else (f"member:{name}", kind)


def first_step(entry: Enrolled) -> EnrolmentRegistered:
    """Return the step by which an entry of the quick way gets a life."""
    ours = {"id": id_of(entry), "step": 1, "community": entry.community, "party": entry.party}
    ours |= {"by": f"community:{entry.community}", "at": entry.enrolled_at}
    return EnrolmentRegistered.model_validate(
        ours | {name: getattr(entry, name) for name in _SAID if hasattr(entry, name)}
    )


_TAKERS: Final = ("community", "office")
_REPORTERS: Final = ("member", "unit", "community", "office")
_THERE: Final = ("enrolled", "posted", "active")
_WHO_REPORTS: Final = ("party", "home_unit", PLACE)

ENROLMENT: Final = Lifecycle(
    kind="enrolment",
    plural="enrolments",
    zh="报到",
    en="enrolment",
    record=Enrolment,
    states={
        "applied": State("待确认", "applied", days=7),
        "returned": State("退回补正", "returned", days=30),
        "refused": State("未通过", "refused", is_open=False),
        "enrolled": State("已报到", "enrolled"),
        "posted": State("已定岗", "posted"),
        "active": State("服务中", "active"),
        "transferred": State("已转接", "transferred", is_open=False),
        "logged_off": State("已注销", "logged off", is_open=False),
    },
    moves=(
        Move(
            "apply",
            EnrolmentApplied,
            "申请报到",
            (),
            "applied",
            _REPORTERS,
            whose=_WHO_REPORTS,
            en="apply for enrolment",
        ),
        Move("register", EnrolmentRegistered, "登记报到", (), "enrolled", _TAKERS, en="register an enrolment"),
        Move("return", EnrolmentReturned, "退回", ("applied",), "returned", _TAKERS),
        Move("resume", EnrolmentResumed, "补正", ("returned",), "applied", _REPORTERS, whose=_WHO_REPORTS),
        Move("grant", EnrolmentGranted, "确认", ("applied",), "enrolled", _TAKERS),
        Move("refuse", EnrolmentRefused, "不予通过", ("applied", "returned"), "refused", _TAKERS),
        Move("revise", EnrolmentRevised, "更新", _THERE, None, _REPORTERS, whose=_WHO_REPORTS),
        Move(
            "post",
            EnrolmentPosted,
            "定岗",
            ("enrolled",),
            "posted",
            ("member", "community", "office"),
            whose=("party", PLACE),
        ),
        Move("start", EnrolmentStarted, "上岗", ("enrolled", "posted"), "active", _REPORTERS, whose=_WHO_REPORTS),
        Move(
            "relieve",
            EnrolmentRelieved,
            "卸任",
            ("posted", "active"),
            "enrolled",
            ("member", "community", "office"),
            whose=("party", PLACE),
        ),
        Move("transfer", EnrolmentTransferred, "转接", _THERE, "transferred", _REPORTERS, whose=_WHO_REPORTS),
        Move(
            "log_off",
            EnrolmentLoggedOff,
            "注销",
            ("applied", "returned", *_THERE),
            "logged_off",
            _REPORTERS,
            whose=_WHO_REPORTS,
        ),
    ),
    refuses=("duplicate_enrolment", "not_of_class", "unknown_item", "bad_uscc"),
)
