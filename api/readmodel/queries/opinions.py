"""What people said of what was done for them: how content beneficiaries were, how those came who were called.

Nobody is told by a single mark: means are shown from five answers upwards.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select

from api.readmodel.instants import to_micros
from api.readmodel.queries.stretch import Stretch, median_s
from api.readmodel.queries.suppression import SMALLEST_CELL
from api.readmodel.reportviews import Satisfaction, WhistleFigures
from api.readmodel.tables import lives, steps
from schemas.lives.whistle import Whistle


def satisfaction(connection: Connection, stretch: Stretch) -> Satisfaction:
    """Return what beneficiaries answered when their needs were confirmed."""
    return _told(_marks(connection, stretch, kind="demand", action="confirm", name="satisfaction"))


def whistles(connection: Connection, stretch: Stretch) -> WhistleFigures:
    """Return how many were called, came, came late, and how long half of them took at most; with their scores."""
    stirred = select(steps.c.id).where(steps.c.kind == "whistle", stretch.has(steps.c.at, steps.c.community))
    query = select(lives.c.body).where(lives.c.kind == "whistle", lives.c.id.in_(stirred))
    bodies = connection.execute(query).scalars()
    responses = [each for body in bodies for each in Whistle.model_validate_json(body).responses]
    came = [
        (each.called_at, each.arrived_at, each.due)
        for each in responses
        if each.arrived_at is not None and stretch.since <= each.arrived_at < stretch.until
    ]
    return WhistleFigures(
        called=sum(stretch.since <= each.called_at < stretch.until for each in responses),
        arrived=len(came),
        late=sum(arrived > due for _, arrived, due in came),
        median_arrival_s=median_s(to_micros(arrived) - to_micros(called) for called, arrived, _ in came),
        scores=_told(_marks(connection, stretch, kind="whistle", action="score", name="score")),
    )


def _marks(connection: Connection, stretch: Stretch, *, kind: str, action: str, name: str) -> list[int]:
    query = select(steps.c.body).where(
        steps.c.kind == kind, steps.c.action == action, stretch.has(steps.c.at, steps.c.community)
    )
    said = [json.loads(body).get(name) for body in connection.execute(query).scalars()]
    return [mark for mark in said if mark is not None]


def _told(marks: Sequence[int]) -> Satisfaction:
    if len(marks) < SMALLEST_CELL:
        return Satisfaction(answers=None, mean_hundredths=None)
    return Satisfaction(answers=len(marks), mean_hundredths=100 * sum(marks) // len(marks))
