"""The tables of life cycles, for whoever shows them: states, steps with their forms, and how many lives stand where."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from api.errors import problem_responses
from api.problems import Messages
from api.readmodel.queries.lives import count_lives
from api.routes.evaluations import EvaluationBody
from api.routes.lives import body_of
from api.routes.reads import READ_PROBLEMS, CaughtUp, Region
from api.services import of
from schemas.lifecycle import BACK, Lifecycle, Move
from schemas.lives import LIFECYCLES

router = APIRouter(prefix="/v1/lifecycles", tags=["lifecycles 办理流程"])


class StateRow(BaseModel):
    """A state, and how many lives of the region are in it."""

    name: str
    messages: Messages
    is_open: bool
    days: int | None
    lives: int


class MoveRow(BaseModel):
    """A step: from where to where, who may take it, and the JSON Schema of what it asks to be told.

    `sources` is empty where a life begins with it; `target` is null where the life stays or goes back to where it was.
    Where several have to take it, `last` is where it leads when the last of them does. What is not taken `by_hand`
    follows from something else and has no address. `by_program` asks for what only a program works out, such as the
    digest of a commitment: people take another one, for which the house `takes` it, or the house takes it unasked.
    """

    action: str
    messages: Messages
    event: str
    sources: tuple[str, ...]
    target: str | None
    last: str | None
    by: tuple[str, ...]
    by_hand: bool
    by_program: bool
    takes: str | None
    form: dict[str, Any]


class Table(BaseModel):
    """A life cycle, and how many lives of the region are open and overdue."""

    kind: str
    plural: str
    messages: Messages
    states: tuple[StateRow, ...]
    moves: tuple[MoveRow, ...]
    open: int
    overdue: int


class Tables(BaseModel):
    """Every life cycle."""

    tables: tuple[Table, ...]


class _Offered(NamedTuple):
    """What people are offered in place of a step: an address beside those of the table."""

    action: str
    messages: Messages
    body: type[BaseModel]


_EVALUATE = _Offered("evaluate", Messages(zh="评价", en="Evaluate"), EvaluationBody)
_BY_PROGRAM: Mapping[tuple[str, str], _Offered | None] = {("project", "seal"): _EVALUATE, ("project", "reveal"): None}
"""Steps that ask for a digest or a salt, and what people are offered instead."""


@router.get(
    "",
    operation_id="listLifecycles",
    summary="The tables of all life cycles, with counts",
    responses=problem_responses(*READ_PROBLEMS),
    dependencies=[CaughtUp],
)
async def get_lifecycles(request: Request, region: Region = None) -> Tables:
    """Return what may be done in which state, and how many lives of a region stand where."""
    services = of(request)
    counts = await services.reading.query(count_lives, now=services.ports.clock.now(), region=region or "")
    return Tables(tables=tuple(_table(lifecycle, counts.get(lifecycle.kind, {})) for lifecycle in LIFECYCLES))


def _table(lifecycle: Lifecycle[Any], counts: dict[str, tuple[int, int]]) -> Table:
    states = tuple(
        StateRow(
            name=name,
            messages=Messages(zh=state.zh, en=state.en),
            is_open=state.is_open,
            days=state.days,
            lives=counts.get(name, (0, 0))[0],
        )
        for name, state in lifecycle.states.items()
    )
    return Table(
        kind=lifecycle.kind,
        plural=lifecycle.plural,
        messages=Messages(zh=lifecycle.zh, en=lifecycle.en),
        states=states,
        moves=_moves(lifecycle.kind),
        open=sum(state.lives for state in states if state.is_open),
        overdue=sum(late for _, late in counts.values()),
    )


@cache
def _moves(kind: str) -> tuple[MoveRow, ...]:
    lifecycle = next(each for each in LIFECYCLES if each.kind == kind)
    return tuple(row for move in lifecycle.moves for row in _rows(lifecycle, move))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _rows(lifecycle: Lifecycle[Any], move: Move) -> Iterator[MoveRow]:
    row = MoveRow(
        action=move.action,
        messages=Messages(zh=move.zh, en=_capital(move.said_en)),
        event=lifecycle.event_name(move),
        sources=move.sources,
        target=None if move.target == BACK else move.target,
        last=move.last,
        by=move.by,
        by_hand=move.by_hand,
        by_program=(lifecycle.kind, move.action) in _BY_PROGRAM,
        takes=None,
        form=body_of(lifecycle, move).model_json_schema(),
    )
    yield row
    offered = _BY_PROGRAM.get((lifecycle.kind, move.action))
    if offered is not None:
        said = {"action": offered.action, "messages": offered.messages, "form": offered.body.model_json_schema()}
        yield row.model_copy(update=said | {"by_program": False, "takes": move.action})
