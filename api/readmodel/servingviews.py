"""What queries return about where members serve: modes of regions, dispatches, and the monthly register."""

from datetime import datetime
from typing import Literal

from api.readmodel.views import View
from schemas.enrolment import EnrolmentKind, MemberClass


class ModeView(View):
    """The mode of a region: an emergency names its life, the region it was declared for, and until when."""

    region: str
    mode: Literal["peacetime", "emergency"]
    mode_id: str | None = None
    declared_for: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None


class Serving(View):
    """Where a member serves now, and where the member belongs: two places, whatever the mode."""

    member_ref: str
    mode: Literal["peacetime", "emergency"]
    kind: EnrolmentKind
    community: str
    home_unit: str | None
    enrolment_id: str


class RegisterRow(View):
    """One class of members in a register; small numbers are None. ``way`` is how it is managed."""

    member_class: MemberClass
    zh: str
    way: str
    came: int | None
    left: int | None
    there: int | None


class Register(View):
    """Enrolments that began and ended in a month, and those that hold at its end, class by class."""

    region: str
    month: str
    rows: tuple[RegisterRow, ...]


class Passage(View):
    """A member who was in a community in a month: since when, from where; until when, and where to, if it is over.

    ``came`` says whether the stay began within the month. ``since`` is the date of the enrolment.
    """

    member_ref: str
    member_class: MemberClass
    kind: EnrolmentKind
    home_unit: str | None
    since: datetime
    came: bool
    came_from: str | None
    left_at: datetime | None
    went_to: str | None


class OwnRegister(View):
    """A community's own register of its members of one class: by reference, without names, for nobody beyond it."""

    community: str
    month: str
    member_class: MemberClass
    rows: tuple[Passage, ...]


class Called(View):
    """How far a dispatch has come in one community; small numbers of people are None."""

    community: str
    demand_id: str
    asked: int
    filled: int
    called_up: int | None


class Progress(View):
    """How far a dispatch has come: what is posted of what is to be, and how many seats are filled."""

    dispatch_id: str
    state: str
    communities: int
    posted: int
    called_up: int | None
    asked: int
    filled: int
    rows: tuple[Called, ...]
