"""How long lives stay in each of their states, kind by kind and region by region."""

from fastapi import APIRouter
from starlette.requests import Request

from api.errors import problem_responses
from api.readmodel.lifeviews import StateTimes
from api.readmodel.queries.times import state_times
from api.readmodel.views import View
from api.routes.reads import READ_PROBLEMS, CaughtUp, Spell
from api.services import of
from schemas.lives import LIFECYCLES

router = APIRouter()


class Times(View):
    """How long lives of a kind stayed in the states they left, in the order of their table."""

    kind: str
    states: tuple[StateTimes, ...]


def _add(kind: str, plural: str, *, states: tuple[str, ...], name: str) -> None:
    async def get_times(request: Request, spell: Spell) -> Times:
        found = await of(request).reading.query(state_times, kind=kind, filter=spell)
        return Times(kind=kind, states=tuple(sorted(found, key=lambda times: states.index(times.state))))

    router.add_api_route(
        f"/v1/{plural}:times",
        get_times,
        methods=["GET"],
        operation_id=f"time{name}s",
        summary=f"How long {plural.replace('_', ' ')} stay in each state",
        description="Of the states that were left between `since` and `until`, in a region.",
        responses=problem_responses(*READ_PROBLEMS, "impossible_window"),
        dependencies=[CaughtUp],
        tags=["times 办理时长"],
    )


for _each in LIFECYCLES:
    _add(_each.kind, _each.plural, states=(*_each.states,), name=_each.record.__name__)
