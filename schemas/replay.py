"""What came of deciding a recorded round once more."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Fact, ShardKey
from schemas.rounds import PolicyRef


class RoundReplay(Fact):
    """A round decided anew from the log, beside its record."""

    shard: ShardKey
    round_no: int
    outcome: Annotated[
        Literal["equal", "tied", "different", "policy_unknown", "unchecked"],
        Field(
            description="equal: byte for byte; tied: another solver broke ties otherwise, for the same total value; "
            "different: see `where`; policy_unknown: the policy that decided is not kept here; unchecked: it comes "
            "after a record that cannot follow."
        ),
    ]
    policy: Annotated[PolicyRef, Field(description="The policy that decided.")]
    solver: Annotated[str, Field(description="The solver that decided.")]
    other_solver: Annotated[bool, Field(description="Whether another solver decides here today.")]
    where: Annotated[str | None, Field(description="The first place in the record that came out otherwise.")] = None
    recorded: Annotated[str | None, Field(description="What the record says there, as JSON.")] = None
    recomputed: Annotated[str | None, Field(description="What came out there, as JSON.")] = None
