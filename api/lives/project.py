"""Projects and the lists: what one binds is there, its code is new, its review and its agreement are what it says."""

from datetime import datetime

from sqlalchemy import Connection

from api.living import Practice
from api.readmodel.queries.assignments import get_assignment
from api.readmodel.queries.demands import get_demand
from api.readmodel.queries.lives import get_life
from api.readmodel.queries.named import last_named, must_be_there
from api.readmodel.queries.resources import get_resource
from api.readmodel.views import AssignmentView, DemandView, ResourceView, View
from schemas.lifecycle import Life, Step
from schemas.lives import project_steps as said
from schemas.lives.agreement import Agreement
from schemas.lives.budget import spent_of
from schemas.lives.meeting import Meeting
from schemas.lives.project import Project, code_prefix
from schemas.parties import speaks_for
from schemas.refusals import Refused
from schemas.resources import ResourceKind


class LineBeside(View):
    """A line of the budget, and what is left of it."""

    line: int
    title: str
    fund: str
    earmark: str
    amount: int
    spent: int
    left: int


class MilestoneBeside(View):
    """A milestone; it is late where it was reached after its day, or is not reached and its day is over."""

    milestone: int
    title: str
    due: datetime
    reached_at: datetime | None
    is_late: bool


class ProjectBeside(View):
    """What a project binds, as the lists have it now, and how far it is."""

    demands: tuple[DemandView, ...]
    resources: tuple[ResourceView, ...]
    assignments: tuple[AssignmentView, ...]
    agreement_state: str | None
    milestones: tuple[MilestoneBeside, ...]
    budget: tuple[LineBeside, ...]


def _numbered(connection: Connection, fact: said.ProjectProposed) -> Step:
    if fact.serial is not None:
        return fact
    last = last_named(connection, kind="project", prefix=code_prefix(fact.community, fact.at))
    serial = 1 if last is None else int(last.life.code.rpartition("-")[2]) + 1
    return fact.model_copy(update={"serial": serial})


def _new(connection: Connection, after: Life, fact: Step) -> None:
    assert isinstance(after, Project)  # noqa: S101 - guards are kept by kind
    before = last_named(connection, kind="project", prefix=after.code)
    if before is not None and before.life.code == after.code:
        raise Refused("already_held", after.code)
    _bound(connection, after, fact)


def _bound(connection: Connection, after: Life, _: Step) -> None:
    assert isinstance(after, Project)  # noqa: S101 - guards are kept by kind
    must_be_there(connection, (f"demand:{each}" for each in after.demands))
    must_be_there(connection, (f"resource:{each}" for each in after.resources))
    must_be_there(connection, (f"assignment:{each}" for each in after.assignments))
    for line in after.budget:
        must_be_there(connection, [f"resource:{line.fund}"])
        fund = get_resource(connection, resource_id=line.fund)
        if fund is not None and fund.resource.kind is not ResourceKind.FUND:
            raise Refused("unknown_reference", f"{line.fund} is no fund")


def _resolved(connection: Connection, _: Life, fact: Step) -> None:
    """A review cites what a meeting resolved on this very project."""
    assert isinstance(fact, said.ProjectReviewed)  # noqa: S101 - guards are kept by fact
    found = get_life(connection, kind="meeting", life_id=fact.meeting)
    meeting = found.life if found is not None else None
    if not isinstance(meeting, Meeting) or fact.resolution > len(meeting.resolutions):
        raise Refused("unknown_reference", f"resolution {fact.resolution} of meeting {fact.meeting}")
    resolution = meeting.resolutions[fact.resolution - 1]
    if (meeting.agenda[resolution.item - 1].about, resolution.verdict) != (f"project:{fact.id}", fact.verdict):
        raise Refused("unknown_reference", f"resolution {fact.resolution} does not say so of this project")


def _agreed(connection: Connection, after: Life, fact: Step) -> None:
    """The agreement is in force, and everybody who is to sign for the project has signed it."""
    assert isinstance(after, Project) and isinstance(fact, said.ProjectSigned)  # noqa: S101 - kept by kind
    found = get_life(connection, kind="agreement", life_id=fact.agreement)
    agreement = found.life if found is not None else None
    if not isinstance(agreement, Agreement):
        raise Refused("unknown_reference", f"agreement:{fact.agreement}")
    if agreement.state != "in_force":
        raise Refused("not_ready", f"the agreement is {agreement.state}")
    if agreement.project not in (None, after.id):
        raise Refused("unknown_reference", f"the agreement is for project {agreement.project}")
    missing = [party for party in after.signatories if party not in agreement.signatories]
    if missing:
        raise Refused("not_ready", f"no signature of {', '.join(missing)}")


def _is_content(connection: Connection, after: Life, fact: Step) -> None:
    """Of the work judge the community, with the offices above it, and those who asked for it; not who did it."""
    assert isinstance(after, Project)  # noqa: S101 - guards are kept by kind
    asked = (get_demand(connection, demand_id=each) for each in after.demands)
    judges = [f"community:{after.community}", *(each.demand.requester for each in asked if each is not None)]
    if not any(speaks_for(fact.by, party) for party in judges):
        raise Refused("not_yours", f"it is for its community, an office above and those who asked, not for {fact.by}")


def _beside(connection: Connection, project: Project, now: datetime) -> ProjectBeside:
    agreement = get_life(connection, kind="agreement", life_id=project.agreement) if project.agreement else None
    demands = (get_demand(connection, demand_id=each) for each in project.demands)
    resources = (get_resource(connection, resource_id=each) for each in project.resources)
    assignments = (get_assignment(connection, assignment_id=each) for each in project.assignments)
    return ProjectBeside(
        demands=tuple(each for each in demands if each is not None),
        resources=tuple(each for each in resources if each is not None),
        assignments=tuple(each for each in assignments if each is not None),
        agreement_state=None if agreement is None else agreement.life.state,
        milestones=tuple(_milestones(project, now)),
        budget=tuple(_lines(project)),
    )


def _milestones(project: Project, now: datetime) -> list[MilestoneBeside]:
    reached = {each.milestone: each for each in project.reached}
    found = []
    for place, planned in enumerate(project.milestones, start=1):
        there = reached.get(place)
        found.append(
            MilestoneBeside(
                milestone=place,
                title=planned.title,
                due=planned.due,
                reached_at=there and there.reached_at,
                is_late=planned.due < now if there is None else there.is_late,
            )
        )
    return found


def _lines(project: Project) -> list[LineBeside]:
    found = []
    for place, line in enumerate(project.budget, start=1):
        spent = spent_of(place, project.spent)
        found.append(LineBeside(line=place, spent=spent, left=line.amount - spent, **line.model_dump()))
    return found


PRACTICE = Practice(
    continues={said.ProjectProposed: _numbered},
    guards={
        said.ProjectProposed: _new,
        said.ProjectRevised: _bound,
        said.ProjectReviewed: _resolved,
        said.ProjectSigned: _agreed,
        said.ProjectReworked: _is_content,
        said.ProjectAccepted: _is_content,
    },
    beside=_beside,
    view=ProjectBeside,
)
