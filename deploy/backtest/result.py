"""What a backtest found, as the JSON file holds it; its schema is ``docs/contracts/backtest.schema.json``."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from matcher.history.answers import Unseen
from schemas.rounds import PolicyRef

Hours = Annotated[float | None, Field(description="Hours; null where nobody was served.")]
Share = Annotated[float | None, Field(ge=0, le=1, description="Between 0 and 1; null of nothing.")]
Cell = Annotated[int | None, Field(description="A count of demands; null where it is suppressed.")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerModel(_Part):
    """What was assumed of people, and how often it mattered."""

    unseen: Annotated[Unseen, Field(description="What a pair says that the record does not know.")]
    answer_after_hours: Annotated[float, Field(description="How long a guessed acceptance takes.")]
    done_as_recorded: Annotated[
        bool, Field(description="Guessed jobs end with the recorded job of the resource whose place they take.")
    ]
    done_after_hours: Annotated[
        float | None,
        Field(description="How long others take, unless their resource tells a time of its own; null: for ever."),
    ]
    recorded_ends: Annotated[dict[str, int], Field(description="How the record's assignments to be answered ended.")]


class Answered(_Part):
    """By what the assignments of a run were answered."""

    recorded: Annotated[int, Field(description="The record holds the same assignment.")]
    known: Annotated[int, Field(description="The record holds the pair, at another time.")]
    guessed: int


class Waiting(_Part):
    """Hours from posting to the round that made the assignment."""

    median_hours: Hours
    p90_hours: Hours
    mean_hours: Hours
    mean_hours_of_all: Annotated[
        float | None, Field(description="Of all seats asked for; the unserved waited to the end of the stretch.")
    ]


class Nearness(_Part):
    """How far the helper's home is: served seats by the smallest region that both share."""

    community: int
    street: int
    district: int
    city: int
    beyond: int


class Load(_Part):
    """How evenly the served seats lie on the providers, those with none included."""

    providers: int
    gini: Annotated[Share, Field(description="0: all alike; 1: one does everything.")]
    busiest_tenth: Annotated[Share, Field(description="Part of the served seats that the busiest tenth gave.")]


class Streets(_Part):
    """Coverage over the streets that asked for five seats at least."""

    streets: int
    lowest: Share
    median: Share
    highest: Share
    spread: Annotated[Share, Field(description="Standard deviation over the streets.")]


class Value(_Part):
    """Points of all served seats, each weighed in the round that gave it."""

    own: Annotated[int, Field(description="By the policy that chose.")]
    recorded: Annotated[int, Field(description="By the policy of the record.")]
    recorded_without_waiting: Annotated[
        int, Field(description="By the policy of the record, without its points for waiting: they reward delay.")
    ]


class Run(_Part):
    """One policy on the same history."""

    name: str
    policy: Annotated[PolicyRef | None, Field(description="null: each round's own, as recorded.")]
    rounds: int
    rounds_as_recorded: Annotated[int, Field(description="Rounds with the very transitions and proposals recorded.")]
    seats_asked: int
    seats_served: int
    seats_pending: Annotated[int, Field(description="Proposed at the end, and not answered.")]
    coverage: Share
    waiting: Waiting
    nearness: Nearness
    near: Annotated[Share, Field(description="Part of the served whose helper is of the same street or community.")]
    load: Load
    streets: Streets
    value: Value
    answered: Answered


class Group(_Part):
    """Some demands: how many got more seats under the policy than under the record, fewer, as many."""

    name: Annotated[str, Field(description="all, the 9 digits of a street, or the name of a category.")]
    title: Annotated[str, Field(description="What people call it.")]
    demands: Cell
    wins: Cell
    loses: Cell
    same: Cell


class Comparison(_Part):
    """Who wins and who loses under a policy, beside the record."""

    policy: str
    total: Group
    sooner: Annotated[Cell, Field(description="Demands with as many seats, the first of them an hour sooner at least.")]
    later: Cell
    streets: tuple[Group, ...]
    categories: tuple[Group, ...]


class Backtest(_Part):
    """The whole result. The first run is the record's own policy."""

    format: Literal[1] = 1
    since: Annotated[datetime | None, Field(description="Rounds from then on were decided anew; null: all.")]
    until: Annotated[datetime | None, Field(description="Rounds before then; null: to the end of the log.")]
    first_round_at: datetime
    last_round_at: datetime
    shards: tuple[str, ...]
    smallest_cell: Annotated[int, Field(description="Counts of demands below this are suppressed.")]
    answers: AnswerModel
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]
