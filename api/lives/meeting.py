"""Joint meetings and the rest: whose turn it is to chair, and what follows from a resolution.

A resolution on a project is its review: the project is reviewed and, as it says, approved, returned or rejected. Where
somebody else took a step with the project at that very moment, the review is void; ``:review`` says it again.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection

from api.living import Entailed, Practice
from api.readmodel.queries.lives import get_life
from api.readmodel.queries.named import last_named, must_be_there
from api.readmodel.views import View
from schemas.lifecycle import Life, Step
from schemas.lives.meeting import (
    Meeting,
    MeetingCalled,
    MeetingHeld,
    MeetingItemAdded,
    MeetingResolved,
    next_chair,
    series_prefix,
)
from schemas.lives.project import Project
from schemas.lives.project_steps import ProjectApproved, ProjectRejected, ProjectReturned, ProjectReviewed
from schemas.lives.task import TaskOpened
from schemas.refusals import Refused
from schemas.regions import covers, level_of


class TaskBeside(View):
    """A task that a resolution gave, and where it stands."""

    resolution: int
    task: str
    state: str | None


class MeetingBeside(View):
    """Members of lower levels, who of them came, and what became of the tasks."""

    from_below: tuple[str, ...]
    present_from_below: tuple[str, ...]
    absent: tuple[str, ...]
    tasks: tuple[TaskBeside, ...]


def _counted(connection: Connection, fact: MeetingCalled) -> Step:
    """Fill in what is as at the last meeting of the series, and the chair who is next."""
    prefix = series_prefix(fact.community, fact.series)
    newest = last_named(connection, kind="meeting", prefix=prefix)
    last = last_named(connection, kind="meeting", prefix=prefix, but=("cancelled",)) or newest
    changes: dict[str, Any] = {}
    if fact.number is None:
        changes["number"] = 1 if newest is None else newest.life.number + 1
    members = fact.members or (last and last.life.members)
    rotation = fact.rotation or (fact.members if fact.members or last is None else last.life.rotation)
    if rotation and fact.chair is None:
        before = None if last is None or last.life.state == "cancelled" else last.life.chair
        changes["chair"] = next_chair(rotation, before)
    return fact.model_copy(update=changes | {"members": members, "rotation": rotation})


def _on_the_agenda(connection: Connection, after: Life, _: Step) -> None:
    assert isinstance(after, Meeting)  # noqa: S101 - guards are kept by kind
    must_be_there(connection, (item.about for item in after.agenda if item.about is not None))


def _has_begun(_: Connection, after: Life, fact: Step) -> None:
    """Asked at the door alone: minutes that were taken too early, before this was asked, still count (ADR 10)."""
    assert isinstance(after, Meeting)  # noqa: S101 - guards are kept by kind
    if fact.at < after.starts_at:
        raise Refused("too_early", f"it begins at {after.starts_at.isoformat()}: hold it then, or postpone it")


def _can_be_reviewed(connection: Connection, after: Life, fact: Step) -> None:
    assert isinstance(after, Meeting) and isinstance(fact, MeetingResolved)  # noqa: S101 - kept by kind
    if fact.verdict is not None:
        project = _project(connection, after, fact)
        if project.state != "proposed":
            raise Refused("not_ready", f"project {project.id} is {project.state}")


def _project(connection: Connection, meeting: Meeting, fact: MeetingResolved) -> Project:
    project_id = (meeting.agenda[fact.item - 1].about or "").partition(":")[2]
    found = get_life(connection, kind="project", life_id=project_id)
    if found is None or not isinstance(found.life, Project):
        raise Refused("unknown_reference", f"project:{project_id}")
    return found.life


def _entailed(connection: Connection, life: Life, fact: Step) -> Sequence[Entailed]:
    assert isinstance(life, Meeting) and isinstance(fact, MeetingResolved)  # noqa: S101 - kept by kind
    # Of the resolutions so far this one is known by its moment: a repeat may find others after it.
    number = next(
        place for place, each in enumerate(life.resolutions, start=1) if (each.at, each.text) == (fact.at, fact.text)
    )
    return [*_tasks(life, fact, number), *(_review(connection, life, fact, number) if fact.verdict else ())]


def task_id(meeting: str, resolution: int, place: int) -> str:
    """Return the id of a task that a resolution gives."""
    named = f"{meeting} {resolution} {place}"
    return f"t-{blake2b(named.encode(), digest_size=10).hexdigest()}"


def _tasks(meeting: Meeting, fact: MeetingResolved, number: int) -> Iterator[Entailed]:
    about = meeting.agenda[fact.item - 1].about
    for place, order in enumerate(fact.tasks, start=1):
        opened = TaskOpened(
            id=task_id(meeting.id, number, place),
            step=1,
            community=meeting.community,
            by=meeting.opened_by,
            at=fact.at,
            title=order.title,
            detail=fact.text,
            list=order.list,
            assignee=order.assignee,
            about=(f"meeting:{meeting.id}", *([about] if about else [])),
            due=order.due,
        )
        yield Entailed(opened, entity=f"life:task:{opened.id}", version=1)


def _review(connection: Connection, meeting: Meeting, fact: MeetingResolved, number: int) -> Iterator[Entailed]:
    """Say what is still to be said: after a crash the project may be reviewed and not yet approved."""
    project = _project(connection, meeting, fact)
    review = {"meeting": meeting.id, "resolution": number}
    ours = {"id": project.id, "community": project.community, "by": meeting.opened_by, "at": fact.at}
    cited = [each.model_dump(include={"meeting", "resolution"}) for each in project.reviews]
    step = project.step
    if project.state == "proposed" and review not in cited:
        step += 1
        said = {"verdict": fact.verdict, "opinion": fact.text}
        yield _next(ProjectReviewed.model_validate(ours | {"step": step} | review | said))
    elif project.state != "reviewed" or cited[-1] != review:
        return
    match fact.verdict:
        case "approve":
            yield _next(ProjectApproved.model_validate(ours | {"step": step + 1}))
        case "return":
            yield _next(ProjectReturned.model_validate(ours | {"step": step + 1, "reason": fact.text}))
        case "reject":
            yield _next(ProjectRejected.model_validate(ours | {"step": step + 1, "reason": fact.text}))


def _next(step: Step) -> Entailed:
    return Entailed(step, entity=f"life:project:{step.id}", version=step.step)


def _beside(connection: Connection, meeting: Meeting, _: datetime) -> MeetingBeside:
    below = tuple(member for member in meeting.members if _is_below(member, meeting.community))
    return MeetingBeside(
        from_below=below,
        present_from_below=tuple(member for member in below if member in meeting.present),
        absent=tuple(member for member in meeting.members if member not in meeting.present) if meeting.present else (),
        tasks=tuple(_given(connection, meeting)),
    )


def _is_below(member: str, region: str) -> bool:
    kind, _, code = member.partition(":")
    return kind in ("office", "community") and covers(region, code) and level_of(code) > level_of(region)


def _given(connection: Connection, meeting: Meeting) -> Iterator[TaskBeside]:
    for number, resolution in enumerate(meeting.resolutions, start=1):
        for place in range(1, len(resolution.tasks) + 1):
            name = task_id(meeting.id, number, place)
            found = get_life(connection, kind="task", life_id=name)
            yield TaskBeside(resolution=number, task=name, state=None if found is None else found.life.state)


PRACTICE = Practice(
    continues={MeetingCalled: _counted},
    guards={
        MeetingCalled: _on_the_agenda,
        MeetingItemAdded: _on_the_agenda,
        MeetingHeld: _has_begun,
        MeetingResolved: _can_be_reviewed,
    },
    effects={MeetingResolved: _entailed},
    beside=_beside,
    view=MeetingBeside,
)
