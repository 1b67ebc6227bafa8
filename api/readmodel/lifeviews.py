"""What queries about lives return."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from api.readmodel.views import AssignmentView, ClaimView, ResourceState, ResourceView, View
from schemas.lifecycle import Life
from schemas.resources import ResourceKind

Record = TypeVar("Record", bound=Life)


class LifeView(View, Generic[Record]):
    """A life as it stands; ``due_at`` is when it is overdue, None: never."""

    kind: str
    life: Record
    is_open: bool
    due_at: datetime | None


class StepView(View):
    """One step of a history: from which state it led to which, how long the life had been there, and what was said."""

    kind: str
    id: str
    step: int
    action: str
    before: str | None
    after: str
    stayed_s: float | None
    community: str
    by: str
    at: datetime
    said: dict[str, Any]
    event_id: str


class StageTime(View):
    """How long a life was in a stage; ``until`` is None for the one it is in."""

    stage: str
    since: datetime
    until: datetime | None
    seconds: float


class StateTimes(View):
    """How many lives left a state, and how long they had been there: on average, and the one that was there longest."""

    state: str
    left: int
    mean_s: float
    longest_s: float


class StepRow(View):
    """One step as a reader of all steps meets it: what was done to which life, not what was said with it."""

    seq: int
    event_id: str
    kind: str
    id: str
    step: int
    action: str
    before: str | None
    after: str
    community: str
    by: str
    at: datetime
    due_at: datetime | None
    title: str


class LateRow(View):
    """A life that is overdue."""

    kind: str
    id: str
    title: str
    state: str
    community: str
    since: datetime
    due_at: datetime


class SlotView(View):
    """A slot of a resource's hours: the most that is taken of it at any one moment, by whom, and what is left.

    Rounds do not see bookings: where both took the same seat, the two together are more than the capacity.
    """

    start: datetime
    end: datetime
    capacity: int
    booked: int
    matched: int
    free: int


Stage = Literal[
    "draft",
    "submitted",
    "returned",
    "published",
    "partly_committed",
    "fully_committed",
    "suspended",
    "expired",
    "withdrawn",
    "archived",
]


class OfferView(View):
    """Where an offer stands, seats taken into account, and its entry on the list, once it has one."""

    stage: Stage
    entry: ResourceView | None


class DueRow(View):
    """An entry of the resource list that is to be looked at again by ``due_at``."""

    resource_id: str
    title: str
    provider: str
    home: str
    state: ResourceState
    due_at: datetime
    valid_to: datetime | None


class DueList(View):
    """Entries that are to be looked at again, the most pressing first."""

    rows: tuple[DueRow, ...]


class OrderView(View):
    """What rounds made of an order: its claim, and the assignments of its pair; how many are promised, and done."""

    claim: ClaimView | None
    assignments: tuple[AssignmentView, ...]
    promised: int
    done: int


class SetAside(View):
    """What an entry of a fund's book set aside, and what is left of it."""

    number: int
    purpose: str
    about: str | None
    amount: int
    left: int


class FundView(View):
    """What the book of a fund comes to, in hundredths of the currency: ``remaining`` is all that was not used."""

    granted: int
    set_aside: int
    used: int
    free: int
    remaining: int
    purposes: tuple[SetAside, ...]


class Use(View):
    """How resources were used, in seat-hours: by rounds (promised, done) and by bookings (booked, used).

    ``share`` is what of the offered hours was taken in one way or another; None where no hours were offered.
    ``people`` are those who came to what was booked.
    """

    offered_hours: float | None
    promised_hours: float
    done_hours: float
    booked_hours: float
    used_hours: float
    share: float | None
    bookings: int
    missed: int
    people: int


class KindUse(View):
    """How the resources of one kind were used."""

    kind: ResourceKind
    resources: int
    use: Use
