"""Answers to assignments: which one is open in which state. What an answer brings about, the next round decides.

1. A proposal can be accepted or declined.
2. What was accepted or confirmed can be declined, done, or a no-show.
3. The same answer again changes nothing and is no error, also after the round that heeded it.
4. Everything else is refused, with the present state.
"""

from collections.abc import Callable
from dataclasses import dataclass

from api.commands import Command
from api.positions import Position
from api.problems import Rejection
from api.reading import Reading, some
from api.readmodel.queries.assignments import get_assignment
from api.readmodel.views import LIVE, Answer, AssignmentView
from api.writing import Writer
from schemas.base import Fact

_OPEN_TO: dict[Answer, frozenset[str]] = {
    "accepted": frozenset({"proposed"}),
    "declined": frozenset(LIVE),
    "done": frozenset({"accepted", "confirmed"}),
    "no_show": frozenset({"accepted", "confirmed"}),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer; ``position`` is None where it had been given before."""

    assignment: AssignmentView
    position: Position | None


class Answering:
    """Takes answers to assignments."""

    def __init__(self, *, reading: Reading, writer: Writer) -> None:
        self._reading = reading
        self._writer = writer

    async def answer(
        self, assignment_id: str, answer: Answer, make: Callable[[AssignmentView], Fact], *, command: Command
    ) -> Answered:
        """Publish the answer that ``make`` forms; raise Refused ``not_found`` or ``not_answerable``."""
        entity = f"assignment:{assignment_id}"
        async with self._writer.hold(entity):
            await self._writer.seen(entity, reading=self._reading)
            found = some(await self._reading.query(get_assignment, assignment_id=assignment_id), what=assignment_id)
            if _given_before(found, answer):
                return Answered(found, None)
            if found.state not in _OPEN_TO[answer] or found.answer not in (None, "accepted"):
                raise Rejection("not_answerable", f"state: {found.state}", extra={"state": found.state})
            event = self._writer.event(make(found), shard=found.shard, command=command)
            return Answered(found, await self._writer.publish(event, entity=entity, version=1))


def _given_before(found: AssignmentView, answer: Answer) -> bool:
    if found.answer == answer:
        return True
    return answer == "accepted" and found.state == "confirmed" and found.answer is None
