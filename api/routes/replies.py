"""What routes answer with after a write, and how it stands in the OpenAPI document."""

from typing import Annotated, Any, TypeVar

from fastapi import Header
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from api.checks import Notice
from api.entries import ANY, Change
from api.errors import problem_responses, rejection
from api.positions import HEADER, Position
from schemas.base import Fact
from schemas.refusals import Refused

Model = TypeVar("Model", bound=Fact)

WRITE_PROBLEMS = (
    "invalid_json",
    "unauthorized",
    "idempotency_key_in_use",
    "record_too_large",
    "unsupported_media_type",
    "invalid_value",
    "idempotency_key_reused",
    "unavailable",
)
"""What every write may be refused with."""
PREVIEW_PROBLEMS = (
    "invalid_json",
    "unauthorized",
    "record_too_large",
    "unsupported_media_type",
    "invalid_value",
    "unavailable",
)
"""What every preview may be refused with: it writes nothing, so no key stands in its way."""


class Receipt(BaseModel):
    """What was written and where; hand ``position`` to a read as ``Cobuild-At-Least`` to see it."""

    id: Annotated[str, Field(examples=["d-20261121-5f0c9e1b2a7d4c38"])]
    version: Annotated[int, Field(examples=[1])]
    position: Annotated[
        str | None, Field(description="None where there was nothing to do.", examples=["demands:2:1234"])
    ]
    warnings: tuple[Notice, ...] = ()


IfMatch = Annotated[
    str | None, Header(description="The version this change was made for, as in `ETag`; `*` for any.", examples=['"3"'])
]


def written(*codes: str, status: int, location: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of a write: its headers, and every problem it may answer with."""
    headers = {
        HEADER: {"schema": {"type": "string"}, "description": "Where it lies in the log, e.g. `demands:2:1234`."},
        "ETag": {"schema": {"type": "string"}, "description": 'The version now in force, e.g. `"4"`.'},
    }
    if location:
        headers["Location"] = {"schema": {"type": "string"}, "description": "Where to read it."}
    return {status: {"headers": headers}} | problem_responses(*WRITE_PROBLEMS, *codes)


def created(
    entry_id: str, position: Position, *, location: str, version: int = 1, warnings: tuple[Notice, ...] = ()
) -> Response:
    """Return the answer to a post."""
    where = str(position)
    receipt = Receipt(id=entry_id, version=version, position=where, warnings=warnings)
    headers = {"location": location, "etag": f'"{version}"', HEADER: where}
    return Response(receipt.model_dump_json(), status_code=201, media_type="application/json", headers=headers)


def changed(entry_id: str, change: Change) -> Response:
    """Return the answer to a change."""
    where = None if change.position is None else str(change.position)
    receipt = Receipt(id=entry_id, version=change.version, position=where)
    headers = {"etag": f'"{change.version}"'} | ({} if where is None else {HEADER: where})
    return Response(receipt.model_dump_json(), media_type="application/json", headers=headers)


def built(model: type[Model], body: BaseModel, *, leave_out: str | None = None, **ours: Any) -> Model:
    """Return the fact that a body makes together with what is ours to say; raise Rejection.

    ``leave_out`` names a field of the body that the fact does not have. The parts of a body were validated as it
    came in and are taken as they are; what is left to look at is the whole.
    """
    try:
        return model.model_validate({name: value for name, value in body.__dict__.items() if name != leave_out} | ours)
    except ValidationError as error:
        raise rejection(error) from None


def version_of(if_match: str | None, *, required: bool = True) -> int:
    """Return the version that ``If-Match`` names; raise Refused ``version_required`` where it must and does not."""
    if if_match is None:
        if required:
            raise Refused("version_required")
        return ANY
    text = if_match.strip().removeprefix("W/").strip('"')
    if text == "*":
        return ANY
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Refused("invalid_value", 'a version such as "3"', field="header:If-Match")
    return int(text)
