"""Random paths, legal and illegal, through every life cycle: the table decides, and the lists agree with the fold."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from api.readmodel.model import ReadModel
from api.readmodel.tables import lives, stages, steps, void_steps
from schemas.catalogue import load_catalogue
from schemas.envelope import Event, new_event
from schemas.lifecycle import BACK, Life, Lifecycle, Move, Step, take
from schemas.lives import LIFECYCLES
from schemas.refusals import REFUSALS, Refused
from schemas.sharing import peak
from schemas.stories import STORIES
from schemas.topics import PROJECTS
from tests.builders import SHARD

FEW = settings(max_examples=max(40, settings.default.max_examples // 4))
CATALOGUE = load_catalogue()
PARTIES = {"community": "community:310105001001", "office": "office:310105001000", "member": "member:m-7f3a",
           "unit": "unit:52310105MJ47000120", "team": "team:a", "system": "system:clock"}  # fmt: skip
SAID = {kind: {type(step): step for step in story} for kind, story in STORIES.items()}


@st.composite
def paths(draw: st.DrawFn) -> tuple[Lifecycle[Any], list[Step]]:
    """Draw a kind and attempts at steps: mostly such as the table allows, of the next number, by whom they are for."""
    lifecycle = draw(st.sampled_from(LIFECYCLES))
    attempts: list[Step] = []
    known: dict[str, Life] = {}
    for _ in range(draw(st.integers(1, 14))):
        name = draw(st.sampled_from(["x-1", "x-1", "x-1", "x-2"]))
        life = known.get(name)
        likely = lifecycle.possible(None if life is None else life.state)
        is_wild = not likely or draw(st.integers(0, 3)) == 0
        move = draw(st.sampled_from(lifecycle.moves if is_wild else likely))
        allowed = [PARTIES[kind] for kind in move.by if kind in PARTIES] or [*PARTIES.values()]
        by = draw(st.sampled_from([SAID[lifecycle.kind][move.fact].by, *allowed, *PARTIES.values()]))
        slip = draw(st.sampled_from([0, 0, 0, 0, -1, 1]))
        step = max(1, (0 if life is None else life.step) + 1 + slip)
        attempt = SAID[lifecycle.kind][move.fact].model_copy(update={"id": name, "step": step, "by": by})
        attempts.append(attempt)
        try:
            known[name] = take(lifecycle, life, attempt)
        except Refused:
            continue
    return lifecycle, attempts


def verdict(move: Move, life: Life | None, attempt: Step) -> str | None:
    """Say what a table makes of an attempt, read straight from its row; None where it may be taken."""
    if life is None and move.sources:
        return "not_found"
    if attempt.step != (life.step if life else 0) + 1:
        return "overtaken"
    if life is not None and life.state not in move.sources:
        return "not_possible_now"
    if move.by and attempt.by.split(":")[0] not in move.by:
        return "not_yours"
    return None


@FEW
@given(path=paths())
def test_the_table_decides_what_may_follow(path: tuple[Lifecycle[Any], list[Step]]) -> None:
    lifecycle, attempts = path
    known: dict[str, Life] = {}
    for attempt in attempts:
        life = known.get(attempt.id)
        move = next(move for move in lifecycle.moves if move.fact is type(attempt))
        expected = verdict(move, life, attempt)
        try:
            after = take(lifecycle, life, attempt)
        except Refused as refused:
            assert refused.code in REFUSALS
            assert expected in (None, refused.code), "only the life itself refuses what its table allows"
            continue
        assert expected is None
        assert after.step == attempt.step
        if move.target == BACK:
            assert life is not None
            assert after.state == life.resumes
        else:
            waited = move.last is not None and after.is_complete(attempt)
            assert after.state == ((move.last if waited else move.target) or (life and life.state))
        known[attempt.id] = after


@FEW
@given(path=paths(), data=st.data())
def test_the_lists_are_the_fold_however_batches_are_cut(
    path: tuple[Lifecycle[Any], list[Step]], data: st.DataObject
) -> None:
    lifecycle, attempts = path
    again = data.draw(st.lists(st.integers(0, len(attempts) - 1), max_size=3), label="records that lie there twice")
    events = [_event(number, attempt) for number, attempt in enumerate(attempts)]
    records = [*events, *(events[number] for number in again)]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(records)), max_size=4), label="batches"))
    model = ReadModel("sqlite://", catalogue=CATALOGUE)
    for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        _apply(model, records[begin:end], first=begin)
    expected, void = _folded(lifecycle, events)
    with model.read() as connection:
        bodies = {row.id: row.body for row in connection.execute(select(lives))}
        counted = [row.event_id for row in connection.execute(select(steps).order_by(steps.c.seq))]
        refused = {row.event_id: row.code for row in connection.execute(select(void_steps))}
        standing = {row.state: row.here for row in connection.execute(select(stages).where(stages.c.region == ""))}
    model.close()
    assert bodies == {name: life.model_dump_json() for name, life in expected.items()}
    assert counted == [event.id for event in events if event.id not in void]
    assert refused == void
    assert {state: here for state, here in standing.items() if here} == Counter(
        life.state for life in expected.values()
    )


def _folded(lifecycle: Lifecycle[Any], events: Sequence[Event[Step]]) -> tuple[dict[str, Life], dict[str, str]]:
    """Take the events one by one; return the lives, and why each of the others is void."""
    known: dict[str, Life] = {}
    void: dict[str, str] = {}
    for event in events:
        try:
            after = take(lifecycle, known.get(event.data.id), event.data)
            for name, life in known.items():
                holds = after.holds is not None and life.holds == after.holds and name != after.id
                if holds and lifecycle.states[life.state].is_open and lifecycle.states[after.state].is_open:
                    raise Refused("already_held")
            _must_have_room(lifecycle, known, after)
            known[after.id] = after
        except Refused as refused:
            void[event.id] = refused.code
    return known, void


def _must_have_room(lifecycle: Lifecycle[Any], known: dict[str, Life], after: Life) -> None:
    before = known.get(after.id)
    if after.share is None or not lifecycle.states[after.state].is_open or (before and before.share == after.share):
        return
    others = [life.share for life in known.values() if life.id != after.id and lifecycle.states[life.state].is_open]
    taken = [(share.span, share.amount) for share in others if share is not None and share.name == after.share.name]
    if peak(taken, within=after.share.span) + after.share.amount > after.share.room:
        raise Refused(after.share.refusal)


def _event(number: int, attempt: Step) -> Event[Step]:
    return new_event(attempt, id=f"e-{number}", source="tests", key=SHARD, time=attempt.at)


def _apply(model: ReadModel, records: Sequence[Event[Step]], *, first: int) -> None:
    located = [((PROJECTS.name, 0, first + number), event) for number, event in enumerate(records)]
    if located:
        model.apply(located, {(PROJECTS.name, 0): first + len(located)})
