"""Dead letters 死信: what a reader refused, with the reason, and nothing lost."""

from typing import Annotated

from pydantic import Base64Bytes, Field

from schemas.base import Fact, Moment


class RecordRefused(Fact):
    """One record that did not validate, as it came.

    Where the reason is ``personal_data`` the original is left out and only its digest kept (invariant 7).
    """

    topic: str
    partition: int
    offset: int
    code: Annotated[str, Field(examples=["invalid_json"])]
    detail: Annotated[str, Field(max_length=2000)] = ""
    key: Base64Bytes | None = None
    headers: tuple[tuple[str, Base64Bytes], ...] = ()
    value: Base64Bytes | None = None
    value_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    refused_at: Moment
