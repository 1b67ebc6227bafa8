"""Routes that follow from the tables of life cycles: a list, a life with its history, and an address for every step.

``POST /v1/<kinds>`` begins a life by the first birth of its table, ``POST /v1/<kinds>:<action>`` by another one;
``POST /v1/<kinds>/{id}:<action>`` takes a step. Bodies are the facts without what is ours to say.
"""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, create_model
from starlette.requests import Request
from starlette.responses import Response

from api.errors import problem_responses
from api.lives import PRACTICES
from api.living import Practice
from api.reading import some
from api.readmodel.lifeviews import LifeView, StepView
from api.readmodel.queries.lives import get_life, history_of, list_lives
from api.readmodel.views import Page, View
from api.routes.reads import LIST_PROBLEMS, PAGE, READ_PROBLEMS, CaughtUp, Cursor, Limit, Narrowed
from api.routes.replies import IfMatch, Receipt, built, changed, created, version_of, written
from api.services import of
from schemas.base import EntityId
from schemas.lifecycle import Life, Lifecycle, Move, Step
from schemas.lives import LIFECYCLES

_BIRTH = ("duplicate_id", "already_held", "overtaken", "not_yours", "read_model_behind", "bad_region", "personal_data")
_STEP = (
    "not_found",
    "stale_version",
    "not_possible_now",
    "not_yours",
    "overtaken",
    "already_held",
    "read_model_behind",
    "personal_data",
)


class LifeDetail(View):
    """A life, what may be done with it now, and every step so far."""

    life: Any
    is_open: bool
    due_at: Any
    possible: tuple[str, ...]
    history: tuple[StepView, ...]


def router_of(lifecycle: Lifecycle[Any]) -> APIRouter:
    """Return the routes of one kind of life."""
    router = APIRouter(prefix=f"/v1/{lifecycle.plural}", tags=[f"{lifecycle.plural} {lifecycle.zh}"])
    births = [move for move in lifecycle.moves if move.is_birth and move.by_hand]
    for place, move in enumerate(births):
        _add_birth(router, lifecycle, move, path="" if place == 0 else f":{move.action}")
    _add_reads(router, lifecycle)
    for move in lifecycle.moves:
        if move.by_hand and not move.is_birth:
            _add_step(router, lifecycle, move)
    return router


def _add_birth(router: APIRouter, lifecycle: Lifecycle[Any], move: Move, *, path: str) -> None:
    body_model = body_of(lifecycle, move)

    async def begin(request: Request, body: body_model) -> Response:  # type: ignore[valid-type] # made just above
        services = of(request)
        command = services.command(request)
        given: str | None = body.id  # type: ignore[attr-defined]
        life_id = given or command.entity_id(lifecycle.kind[0])
        known = await services.living.filled(move.fact, dict(body))
        fact = built(move.fact, body, id=life_id, step=1, at=command.at, **known)
        change = await services.living.begin(fact, given_id=given is not None, command=command)
        return created(
            life_id,
            some(change.position, what=life_id),
            location=f"/v1/{lifecycle.plural}/{life_id}",
            version=change.version,
        )

    router.add_api_route(
        path,
        begin,
        methods=["POST"],
        operation_id=_operation(move.action, lifecycle.record.__name__),
        summary=f"{move.zh} · {_sentence(move)}",
        description=_sentence(move),
        status_code=201,
        response_model=Receipt,
        responses=written(*_BIRTH, *lifecycle.refuses, status=201, location=True),
    )


def _add_step(router: APIRouter, lifecycle: Lifecycle[Any], move: Move) -> None:
    body_model = body_of(lifecycle, move)
    life_ref = Annotated[EntityId, Path(description=f"The {lifecycle.en}'s id.")]

    async def act(
        request: Request,
        life_id: life_ref,
        body: body_model,  # type: ignore[valid-type]
        if_match: IfMatch = None,
    ) -> Response:
        services = of(request)
        command = services.command(request)

        def make(life: Life) -> Step:
            return built(move.fact, body, id=life.id, step=life.step + 1, community=life.community, at=command.at)

        change = await services.living.act(
            lifecycle, life_id, make, version=version_of(if_match, required=False), command=command
        )
        return changed(life_id, change)

    sources = ", ".join(f"`{source}`" for source in move.sources)
    router.add_api_route(
        f"/{{life_id}}:{move.action}",
        act,
        methods=["POST"],
        operation_id=_operation(move.action, lifecycle.record.__name__),
        summary=f"{move.zh} · {_sentence(move)}",
        description=f"{_sentence(move)} Possible from {sources}.",
        response_model=Receipt,
        responses=written(*_STEP, *lifecycle.refuses, status=200),
    )


def _add_reads(router: APIRouter, lifecycle: Lifecycle[Any]) -> None:
    practice = PRACTICES.get(lifecycle.kind, Practice())
    view = LifeView[lifecycle.record]  # type: ignore[name-defined] # one model per kind
    beside: dict[str, Any] = {} if practice.beside is None else {"beside": (practice.view, ...)}
    detail = create_model(
        f"{lifecycle.record.__name__}Detail",
        __base__=LifeDetail,
        __doc__=LifeDetail.__doc__,
        life=(lifecycle.record, ...),
        **beside,
    )

    async def get_many(
        request: Request,
        narrowed: Narrowed,
        state: Annotated[str | None, Query(max_length=40, description="A state of the life cycle.")] = None,
        is_open: Annotated[bool | None, Query(alias="open", description="Only open ones, or only closed ones.")] = None,
        overdue: Annotated[bool, Query(description="Only what is overdue.")] = False,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> Page[Any]:
        services = of(request)
        return await services.reading.query(
            list_lives,
            kind=lifecycle.kind,
            filter=replace(narrowed, state=state),
            is_open=is_open,
            overdue_at=services.ports.clock.now() if overdue else None,
            cursor=cursor,
            limit=limit,
        )

    async def get_one(
        request: Request, response: Response, life_id: Annotated[EntityId, Path(description="Its id.")]
    ) -> LifeDetail:
        services = of(request)
        reading, now = services.reading, services.ports.clock.now()
        found = some(await reading.query(get_life, kind=lifecycle.kind, life_id=life_id), what=life_id)
        beside = {} if practice.beside is None else {"beside": await reading.query(practice.beside, found.life, now)}
        response.headers["etag"] = f'"{found.life.step}"'
        return detail(
            life=found.life,
            is_open=found.is_open,
            due_at=found.due_at,
            possible=tuple(move.action for move in lifecycle.possible(found.life.state) if move.by_hand),
            history=await reading.query(history_of, kind=lifecycle.kind, life_id=life_id),
            **beside,
        )

    router.add_api_route(
        "",
        get_many,
        methods=["GET"],
        operation_id=_operation("list", lifecycle.plural),
        summary=f"List {lifecycle.plural.replace('_', ' ')}",
        description="The newest first; `party` is whom it concerns.",
        response_model=Page[view],
        responses=problem_responses(*LIST_PROBLEMS, "impossible_window"),
        dependencies=[CaughtUp],
    )
    router.add_api_route(
        "/{life_id}",
        get_one,
        methods=["GET"],
        operation_id=_operation("get", lifecycle.record.__name__),
        summary=f"Get a {lifecycle.en} with its history",
        description="With what may be done now, and its step as `ETag`.",
        response_model=detail,
        responses=problem_responses(*READ_PROBLEMS, "not_found"),
        dependencies=[CaughtUp],
    )


def body_of(lifecycle: Lifecycle[Any], move: Move) -> Any:
    """Return the model of the body of a step: its fact, without what is ours to say and what the lists know."""
    ours = {"step", "at", "id"} | (_filled(lifecycle, move) if move.is_birth else {"community"})
    fields: dict[str, Any] = {
        name: (field.rebuild_annotation(), field) for name, field in move.fact.model_fields.items() if name not in ours
    }
    if move.is_birth:
        fields["id"] = (EntityId | None, None)

    def shown(schema: dict[str, Any]) -> None:
        from schemas.stories import STORIES  # noqa: PLC0415 - a fifth of a second, and only the contract shows examples

        told = next((step for step in STORIES[lifecycle.kind] if type(step) is move.fact), None)
        example = {} if told is None else told.model_dump(mode="json", include=set(fields) - {"id"}, exclude_unset=True)
        schema["examples"] = [example]

    config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, json_schema_extra=shown)
    return create_model(f"{move.fact.__name__}Body", __config__=config, __doc__=_sentence(move), **fields)


def _filled(lifecycle: Lifecycle[Any], move: Move) -> frozenset[str]:
    practice = PRACTICES.get(lifecycle.kind)
    filling = None if practice is None else practice.fillings.get(move.fact)
    return frozenset() if filling is None else filling.fields


def _operation(action: str, noun: str) -> str:
    first, *rest = f"{action}_{noun}".split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _sentence(move: Move) -> str:
    return " ".join((move.fact.__doc__ or "").split())


ROUTERS = tuple(router_of(lifecycle) for lifecycle in LIFECYCLES)
