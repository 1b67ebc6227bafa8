"""Makes notices of what happened, and looks how things stand before one is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from api.notices.kinds import ASKING, Notice, of_assignment, of_step
from api.notices.outbox import Waiting, enter
from api.notices.plan import Overtaken
from api.readmodel.model import ReadModel
from api.readmodel.queries.feed import feed_after, feed_head
from api.readmodel.queries.steps import parties_of, steps_after, steps_head
from api.readmodel.queries.told import assignments_among, declined_pairs
from api.readmodel.views import AssignmentView
from api.webhooks.marks import Mark, find_mark, put_mark

READER: Final = "notices"
PAGE: Final = 500

Read = Callable[[Connection, Mark, datetime], tuple[list[Notice], Mark]]


class Gatherer:
    """All calls block, run them in a thread."""

    def __init__(self, *, engine: Engine, model: ReadModel) -> None:
        self._engine = engine
        self._model = model

    def gather(self, *, now: datetime) -> None:
        """Take in what is new, a page of each source; what happened before the first look is not told."""
        for source, head, read in (("feed", feed_head, _assignments), ("steps", steps_head, _steps)):
            self._move(source, head, read, now=now)

    def _move(self, source: str, head: Callable[[Connection], int], read: Read, *, now: datetime) -> None:
        generation = self._model.generation
        with self._engine.connect() as connection:
            mark = find_mark(connection, reader=READER, source=source)
        with self._model.read() as connection:
            end = head(connection)
            stands = mark.within(generation, began=mark.at) if mark else Mark(generation, end, now)
            made, after = read(connection, stands, now) if stands.seq < end else ([], stands)
        if after == mark or self._model.generation != generation:
            return
        with self._engine.begin() as connection:
            enter(connection, made)
            put_mark(connection, after, reader=READER, source=source)

    def as_of_now(self, waiting: Sequence[Waiting]) -> tuple[Waiting, ...]:
        """Return what waits with what overtook it; what the lists do not show yet is left out: it waits on."""
        with self._model.read() as connection:
            ids = {each.facts["assignment_id"] for each in waiting if each.kind != "step"}
            found = assignments_among(connection, ids)
            refused = declined_pairs(connection, {view.demand_id for view, _ in found.values()})
        return tuple(_overtaken(waiting, {name: view for name, (view, _) in found.items()}, refused))


def _assignments(connection: Connection, mark: Mark, now: datetime) -> tuple[list[Notice], Mark]:
    page = feed_after(connection, seq=mark.seq, limit=PAGE)
    rows = [row for row in page.rows if mark.wants(row.at)]
    found = assignments_among(connection, {row.assignment_id for row in rows})
    made = [
        notice
        for row in rows
        if row.assignment_id in found
        for view, urgency in [found[row.assignment_id]]
        for notice in of_assignment(row, found=view, urgency=urgency, now=now)
    ]
    return made, mark.passed(seq=page.next_seq, ats=(row.at for row in page.rows))


def _steps(connection: Connection, mark: Mark, now: datetime) -> tuple[list[Notice], Mark]:
    rows = steps_after(connection, seq=mark.seq, limit=PAGE)
    made = [
        notice
        for row in rows
        if mark.wants(row.at)
        for notice in of_step(row, parties=parties_of(connection, kind=row.kind, life_id=row.id), now=now)
    ]
    return made, mark.passed(seq=rows[-1].seq if rows else mark.seq, ats=(row.at for row in rows))


def _overtaken(
    waiting: Iterable[Waiting], found: Mapping[str, AssignmentView], refused: set[tuple[str, str]]
) -> Iterator[Waiting]:
    for each in waiting:
        if each.kind == "step":
            yield each
        elif (view := found.get(each.facts["assignment_id"])) is not None:
            overtaken = _what_overtook(each, view, said_no=(view.demand_id, view.resource_id) in refused)
            yield each._replace(pending=replace(each.pending, overtaken=overtaken))


def _what_overtook(each: Waiting, view: AssignmentView, *, said_no: bool) -> Overtaken | None:
    if said_no:
        return "said_no"
    if each.kind in ASKING and view.state != "proposed":
        return "answered" if view.state in ("accepted", "confirmed", "fulfilled") else "over"
    return "over" if each.kind == "confirmed" and view.state not in ("confirmed", "fulfilled") else None
