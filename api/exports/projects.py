"""From a project to its row. What is sealed until both sides have spoken is not in it: no evaluation is."""

from collections.abc import Sequence
from datetime import datetime

from api.imports.occasions import written
from api.imports.plans import of_budget, of_milestones
from api.readmodel.lifeviews import LifeView
from schemas.lives.project import PROJECT, Project

STANDING = (
    "项目编号", "状态", "协议编号", "实际受益人数", "预算（分）", "支出（分）", "提出时间", "进入状态时间", "到期时间",
)  # fmt: skip


def plan_of(project: Project) -> dict[str, str]:
    """Return milestones and budget as cells."""
    return {"milestones": of_milestones(project.milestones), "budget": of_budget(project.budget)}


def standing_of(view: LifeView[Project]) -> Sequence[str]:
    """Return how a project stands, in the order of ``STANDING``."""
    project = view.life
    spent = sum(entry.amount for entry in project.spent if entry.reversed_at is None)
    return (
        project.code,
        PROJECT.states[project.state].zh,
        project.agreement or "",
        "" if project.actual_beneficiaries is None else str(project.actual_beneficiaries),
        str(sum(line.amount for line in project.budget)),
        str(spent),
        written(project.opened_at),
        written(project.since),
        _moment(view.due_at),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else written(moment)
