"""Every kind of life, one module each: its steps, what they add up to, and its table."""

from typing import Any, Final

from schemas.lifecycle import Lifecycle, Move, Step
from schemas.lives.agreement import AGREEMENT
from schemas.lives.booking import BOOKING
from schemas.lives.demand import DEMAND
from schemas.lives.dispatch import DISPATCH
from schemas.lives.enrolment import ENROLMENT
from schemas.lives.fund import FUND
from schemas.lives.grid import GRID
from schemas.lives.meeting import MEETING
from schemas.lives.mode import MODE
from schemas.lives.order import ORDER
from schemas.lives.post import POST
from schemas.lives.project import PROJECT
from schemas.lives.resource import RESOURCE
from schemas.lives.role import ROLE
from schemas.lives.task import TASK
from schemas.lives.whistle import WHISTLE

LIFECYCLES: Final[tuple[Lifecycle[Any], ...]] = (
    ENROLMENT,
    POST,
    ROLE,
    DEMAND,
    RESOURCE,
    ORDER,
    BOOKING,
    FUND,
    PROJECT,
    AGREEMENT,
    MEETING,
    WHISTLE,
    TASK,
    GRID,
    MODE,
    DISPATCH,
)
"""In the order in which people meet them."""
BY_KIND: Final[dict[str, Lifecycle[Any]]] = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
OF_FACT: Final[dict[type[Step], Lifecycle[Any]]] = {
    move.fact: lifecycle for lifecycle in LIFECYCLES for move in lifecycle.moves
}


def events() -> list[tuple[str, type[Step]]]:
    """Return the short event type and the model of every step, kind by kind."""
    return [(lifecycle.event_name(move), move.fact) for lifecycle in LIFECYCLES for move in lifecycle.moves]


def move_of(fact: Step) -> Move:
    """Return the row of the table that a step is of."""
    return OF_FACT[type(fact)].by_fact[type(fact)]
