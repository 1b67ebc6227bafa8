"""Problem details (RFC 9457): the one shape of every error, and the pages that its ``type`` leads to."""

import html
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.language import Language
from schemas.refusals import REFUSALS, FieldRefusal, Refused

MEDIA_TYPE = "application/problem+json"


class Messages(BaseModel):
    """The same sentence in both languages."""

    zh: str
    en: str


class FieldProblem(BaseModel):
    """What is wrong with one field of the body, or with one parameter."""

    pointer: Annotated[
        str, Field(description="JSON pointer into the body, or the parameter's name.", examples=["#/lines/0/item"])
    ]
    code: Annotated[str, Field(examples=["unknown_item"])]
    detail: Annotated[str, Field(examples=["elder_care.moon_walk"])]
    messages: Messages


class Problem(BaseModel):
    """Why a request was refused; ``code`` is stable, the rest is for people."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(examples=["/problems/unknown_item"])]
    title: Annotated[
        str, Field(description="In the language of Accept-Language.", examples=["服务项目库中没有这个项目。"])
    ]
    status: Annotated[int, Field(examples=[422])]
    detail: Annotated[str, Field(examples=["elder_care.moon_walk"])]
    instance: Annotated[str, Field(examples=["/v1/demands"])]
    code: Annotated[str, Field(examples=["unknown_item"])]
    messages: Messages
    errors: tuple[FieldProblem, ...] = ()


class Rejection(Refused):
    """A refusal that names several fields, or tells the client more, such as the present version."""

    def __init__(
        self, code: str, detail: str = "", *, fields: Sequence[FieldRefusal] = (), extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code, detail)
        self.fields = tuple(fields)
        self.extra = extra or {}


def messages_of(code: str) -> Messages:
    """Return what a code says, in both languages."""
    message = REFUSALS[code]
    return Messages(zh=message.zh, en=message.en)


def problem_of(refused: Refused, *, status: int, language: Language, instance: str) -> Problem:
    """Return a refusal as problem details."""
    fields = refused.fields if isinstance(refused, Rejection) else ()
    if refused.field is not None:
        fields = (FieldRefusal(refused.field, refused.code, refused.detail),)
    messages = messages_of(refused.code)
    return Problem(
        type=f"/problems/{refused.code}",
        title=messages.zh if language == "zh" else messages.en,
        status=status,
        detail=refused.detail,
        instance=instance,
        code=refused.code,
        messages=messages,
        errors=tuple(_field(field) for field in fields),
        **(refused.extra if isinstance(refused, Rejection) else {}),
    )


def _field(field: FieldRefusal) -> FieldProblem:
    return FieldProblem(pointer=field.field, code=field.code, detail=field.detail, messages=messages_of(field.code))


def page(codes: dict[str, int | None], *, language: Language) -> str:
    """Return the page about these codes; the number is the HTTP status, None where a code never reaches HTTP."""
    rows = "\n".join(
        f'<tr id="{code}"><td><a href="/problems/{code}"><code>{code}</code></a></td><td>{status or "–"}</td>'
        f"<td>{html.escape(REFUSALS[code].zh)}</td><td>{html.escape(REFUSALS[code].en)}</td></tr>"
        for code, status in codes.items()
    )
    title = "问题代码" if language == "zh" else "Problem codes"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title} · Cobuild</title>'
        "<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "td,th{padding:.4rem .8rem;text-align:left;border-bottom:1px solid #8884}</style>"
        f"<h1>{title}</h1><table><tr><th>code</th><th>HTTP</th><th>中文</th><th>English</th></tr>\n{rows}</table></html>"
    )
