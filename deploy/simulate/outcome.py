"""What became of each demand, read from the read model and from nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, and_, func, select

from api.readmodel.tables import assignments, deadletters, demands, rounds
from schemas.topics import DEMANDS

State = Literal["open", "partly_matched", "matched", "fulfilled", "lapsed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One demand at the end: its state, when a provider was assigned and when the job was done."""

    state: State
    assigned_at: datetime | None
    done_at: datetime | None


def read_outcomes(engine: Engine) -> Mapping[str, Outcome]:
    """Return the outcome of every demand by its id; of demands with one line of one seat, as requests are."""
    standing = and_(
        assignments.c.demand_id == demands.c.demand_id, assignments.c.phase.in_(("proposed", "confirmed", "fulfilled"))
    )
    query = select(
        demands.c.demand_id, demands.c.state, assignments.c.proposed_at, assignments.c.phase, assignments.c.phase_at
    ).select_from(demands.outerjoin(assignments, standing))
    with engine.connect() as connection:
        return {
            demand_id: Outcome(state=state, assigned_at=at, done_at=ended if phase == "fulfilled" else None)
            for demand_id, state, at, phase, ended in connection.execute(query)
        }


def count_refused(engine: Engine) -> int:
    """Return how many records of the demand topic went to dead letters."""
    query = select(func.count()).select_from(deadletters).where(deadletters.c.topic == DEMANDS.name)
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()


def count_rounds(engine: Engine) -> tuple[int, int]:
    """Return how many rounds there were, and in how many of them the certificate did not hold."""
    query = select(func.count(), func.count().filter(rounds.c.holds.is_(False))).select_from(rounds)
    with engine.connect() as connection:
        total, broken = connection.execute(query).one()
    return total, broken
