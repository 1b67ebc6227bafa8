"""What the world reads: the life of each assignment 匹配."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EntityId, Fact, Moment, RegionPrefix
from schemas.responses import AssignmentId
from schemas.rounds import Proposal


class AssignmentProposed(Fact):
    """A round paired a resource seat with a demand seat."""

    shard: RegionPrefix
    round_no: Annotated[int, Field(ge=1, le=2**31 - 1)]
    at: Moment
    assignment: Proposal


class _Ending(Fact):
    shard: RegionPrefix
    round_no: Annotated[int, Field(ge=1, le=2**31 - 1)]
    at: Moment
    assignment_id: AssignmentId
    demand_id: EntityId
    resource_id: EntityId


class AssignmentConfirmed(_Ending):
    """The provider accepted, or had said beforehand that it would."""

    reason: Literal["accepted", "auto_accepted"]


class AssignmentRevoked(_Ending):
    """It is off; both sides went back to the pool in the same round."""

    reason: Literal[
        "declined", "no_show", "resource_gone", "demand_gone", "no_longer_allowed", "team_broken", "ordered"
    ]


class AssignmentExpired(_Ending):
    """Nobody answered in time."""

    reason: Literal["no_answer"] = "no_answer"


class AssignmentFulfilled(_Ending):
    """The job was done."""

    reason: Literal["done"] = "done"
