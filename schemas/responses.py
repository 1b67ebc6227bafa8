"""Answers to assignments: what providers and requesters say."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Fact, Moment, Reason, RegionPrefix

AssignmentId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=["9f86d081884c7d659a2feaa0c55ad015"])]
"""A function of shard, round, demand seat and resource seat; of an order's seat, of the claim and its number."""


class _Response(Fact):
    assignment_id: AssignmentId
    shard: RegionPrefix
    by: Literal["provider", "requester", "operator"] = "provider"
    at: Moment


class AssignmentAccepted(_Response):
    """The provider said yes."""


class AssignmentDeclined(_Response):
    """A party said no: the pair is never proposed again, and it costs nothing."""

    reason: Reason | None = None


class AssignmentDone(_Response):
    """The job is done."""


class AssignmentNoShow(_Response):
    """The provider did not come."""

    reason: Reason | None = None
