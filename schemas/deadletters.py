"""Dead letters 死信: what a reader refused, with the reason, and nothing lost; and what was appended again."""

from typing import Annotated, Literal

from pydantic import Base64Bytes, Field, StringConstraints

from schemas.base import Fact, Moment

Partition = Annotated[int, Field(ge=0, le=2**31 - 1)]
Offset = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""As Kafka has them: a forged letter with more would stop whoever keeps letters in a database."""
HeaderName = Annotated[str, StringConstraints(strip_whitespace=False)]
"""As the stranger wrote it, blanks included."""


class LeftOut(Fact):
    """A part of the record that its dead letter does not repeat; the record itself still lies where it lay."""

    part: Literal["key", "headers", "value", "detail"]
    reason: Annotated[
        Literal["personal_data", "too_large"],
        Field(description="personal_data: a phone or identity number is in it. too_large: beyond what a letter holds."),
    ]
    names: Annotated[tuple[HeaderName, ...], Field(description="Of headers, those left out that can be named.")] = ()


class RecordRefused(Fact):
    """One record that did not validate, as it came.

    Where a part holds personal data it is left out, as ``left_out`` says, and only the value's digest kept
    (invariant 7).
    """

    topic: str
    partition: Partition
    offset: Offset
    code: Annotated[str, Field(examples=["invalid_json"])]
    detail: Annotated[str, Field(max_length=2000)] = ""
    key: Base64Bytes | None = None
    headers: tuple[tuple[HeaderName, Base64Bytes], ...] = ()
    value: Base64Bytes | None = None
    value_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    left_out: tuple[LeftOut, ...] = ()
    refused_at: Moment


class RecordReplayed(Fact):
    """A refused record was appended to its topic once more, by an operator.

    The new record names the place of the old one in its header ``cobuild_replay_of``.
    """

    topic: str
    partition: Annotated[Partition, Field(description="Where the refused record lies.")]
    offset: Offset
    new_partition: Annotated[Partition, Field(description="Where it lies again.")]
    new_offset: Offset
    new_key: Annotated[str | None, Field(description="The shard, where the record was given another key.")] = None
    replayed_at: Moment
