"""Where refusals become HTTP: the status of every code, and the handlers that answer with problem details."""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.language import choose
from api.open311.answers import PREFIX as OPEN311
from api.open311.answers import refusal
from api.problems import MEDIA_TYPE, Rejection, problem_of
from schemas.refusals import FieldRefusal, Refused, refusals_of, told_by

log = structlog.get_logger(__name__)

STATUS: dict[str, int] = {
    "invalid_json": 400,
    "bad_position": 400,
    "bad_cursor": 400,
    "unauthorized": 401,
    "not_found": 404,
    "method_not_allowed": 405,
    "duplicate_id": 409,
    "duplicate_enrolment": 409,
    "already_withdrawn": 409,
    "matched_meanwhile": 409,
    "changed_meanwhile": 409,
    "has_entries": 409,
    "not_answerable": 409,
    "sits_elsewhere": 409,
    "not_possible_now": 409,
    "overtaken": 409,
    "already_held": 409,
    "not_in_emergency": 409,
    "not_opted_in": 409,
    "slot_taken": 409,
    "more_than_open": 409,
    "over_spent": 409,
    "not_reversible": 409,
    "too_early": 409,
    "not_delivered": 409,
    "not_ready": 409,
    "already_done": 409,
    "too_late": 409,
    "notice_running": 409,
    "over_budget": 409,
    "evaluation_sealed": 409,
    "idempotency_key_in_use": 409,
    "stale_version": 412,
    "record_too_large": 413,
    "file_too_large": 413,
    "unsupported_media_type": 415,
    "version_required": 428,
    "internal_error": 500,
    "read_model_behind": 503,
    "unavailable": 503,
} | dict.fromkeys(
    (
        "invalid_value",
        "address_not_allowed",
        "channel_unavailable",
        "unknown_item",
        "unknown_qualification",
        "matter_not_admitted",
        "bad_region",
        "bad_uscc",
        "impossible_window",
        "window_passed",
        "capacity_of_a_person",
        "personal_data",
        "idempotency_key_reused",
        "unreadable_file",
        "missing_columns",
        "shard_is_fixed",
        "field_is_fixed",
        "other_shard",
        "too_many_rows",
        "unknown_word",
        "bad_time",
        "team_too_large",
        "bundle_differs",
        "bundle_refused",
        "not_yours",
        "not_bookable",
        "more_than_ordered",
        "outside_hours",
        "too_short_notice",
        "not_admitted",
        "not_of_class",
        "wish_too_large",
        "not_enrolled",
        "not_qualified",
        "not_a_party",
        "unknown_reference",
        "evaluation_differs",
    ),
    422,
)
"""The HTTP status of every code that can reach a client."""

_CODE = {400: "invalid_json", 404: "not_found", 405: "method_not_allowed", 413: "record_too_large"}
_REGION_FIELDS = frozenset({"community", "home", "scope", "region", "code"})
_FIXED = frozenset({"demand_id", "resource_id", "version", "posted_at", "offered_at", "requester", "provider"})
_SECRET = re.compile(r"^(/v1/calendars/(?:member|unit)/).+")
"""An address that is a key: whoever reads the log must not come to know it."""
_RETRY = {"read_model_behind": "1", "unavailable": "5", "idempotency_key_in_use": "1"}


def respond(refused: Refused, *, headers: Mapping[str, str], path: str) -> Response:
    """Return a refusal as an HTTP response; ``headers`` are the request's."""
    status = STATUS[refused.code]
    if path.startswith(OPEN311):
        return refusal(refused, status=status, path=path)
    problem = problem_of(refused, status=status, language=choose(headers.get("accept-language")), instance=path)
    response = Response(problem.model_dump_json(), status_code=status, media_type=MEDIA_TYPE)
    if refused.code in _RETRY:
        response.headers["retry-after"] = _RETRY[refused.code]
    if refused.code == "unauthorized":
        response.headers["www-authenticate"] = 'Bearer realm="cobuild"'
    return response


def rejection(error: ValidationError, *, under: str = "#") -> Rejection:
    """Return what a model refused about a body, with a pointer to each field."""
    return _of_fields(
        [
            FieldRefusal("/".join([under, *field.field.split(".")]) if field.field else under, *_narrow(field))
            for field in refusals_of(error)
        ]
    )


def _narrow(field: FieldRefusal) -> tuple[str, str]:
    names = [step for step in field.field.split(".") if not step.isdigit()]
    if field.code == "invalid_value" and names and names[-1] in _REGION_FIELDS and "pattern" in field.detail:
        return "bad_region", field.detail
    return field.code, field.detail


def _of_fields(found: Sequence[FieldRefusal]) -> Rejection:
    """Return the rejection of several fields: of the code they share, or ``invalid_value``; privacy goes first."""
    # A list whose entries did not validate is also told to be too short: one fault, told once.
    fields = [field for field in found if not any(other.field.startswith(f"{field.field}/") for other in found)]
    code = shared_code(fields)
    return Rejection(code, "; ".join(f"{field.field}: {field.detail}" for field in fields)[:2000], fields=fields)


def shared_code(fields: Sequence[FieldRefusal]) -> str:
    """Return the code that stands for several faults."""
    codes = {field.code for field in fields}
    if "personal_data" in codes:
        return "personal_data"
    return codes.pop() if len(codes) == 1 else "invalid_value"


def _of_request(error: RequestValidationError) -> Rejection:
    fields = []
    for part in error.errors():
        place, *steps = (str(step) for step in part["loc"])
        code, detail = told_by(part["type"], part["msg"])
        if code == "invalid_json":
            return Rejection(code, f"{part.get('ctx', {}).get('error', detail)} (character {steps[-1]})")
        if part["type"] == "extra_forbidden" and steps[-1] in _FIXED:
            code = "field_is_fixed"
        code, detail = _narrow(FieldRefusal(".".join(steps), code, detail))
        pointer = "/".join(["#", *steps]) if place == "body" else f"{place}:{'.'.join(steps)}"
        fields.append(FieldRefusal(pointer, code, detail))
    return _of_fields(fields)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for Refused alone
    return respond(error, headers=request.headers, path=request.url.path)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    return respond(_of_request(error), headers=request.headers, path=request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    """Answer what the framework refused: no such path, not this method, a body that cannot be parsed."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    code = _CODE.get(error.status_code, "invalid_value")
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    response = respond(Refused(code, detail), headers=request.headers, path=request.url.path)
    if code == "method_not_allowed":
        response.headers["allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> Iterator[str]:
    """Every method that the path of this request takes."""
    for route in request.app.routes:
        if isinstance(route, Route) and route.methods and route.path_regex.match(request.url.path):
            yield from route.methods


def unexpected(error: Exception, *, headers: Mapping[str, str], path: str, method: str) -> Response:
    """Record a fault of ours and answer without saying anything of our insides."""
    log.error("request failed", path=_SECRET.sub(r"\1…", path), method=method, exc_info=error)
    return respond(Refused("internal_error"), headers=headers, path=path)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries for these codes, grouped by status, with an example of each."""
    grouped: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        grouped.setdefault(STATUS[code], []).append(code)
    return {
        status: {"description": ", ".join(found), "content": {MEDIA_TYPE: _documented(found)}}
        for status, found in grouped.items()
    }


def _documented(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}


def examples() -> dict[str, dict[str, Any]]:
    """Return an OpenAPI example of every code's problem."""
    return {code: _example(code) for code in STATUS}


def _example(code: str) -> dict[str, Any]:
    problem = problem_of(Refused(code), status=STATUS[code], language="zh", instance="/v1/…")
    return {"summary": problem.messages.en, "value": problem.model_dump()}
