"""What queries about lives return."""

from datetime import datetime
from typing import Any, Generic, TypeVar

from api.readmodel.views import View
from schemas.lifecycle import Life

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
