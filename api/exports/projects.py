"""From a project to its row. What is sealed until both sides have spoken is not in it: no evaluation is."""

from collections.abc import Sequence
from datetime import datetime

from api.imports.occasions import written
from api.readmodel.lifeviews import LifeView
from schemas.lives.project import PROJECT, Project

HEADERS = (
    "项目编号", "编号", "项目名称", "社区代码", "状态", "牵头方", "参与方", "需求编号", "资源编号", "协议编号",
    "开始时间", "结束时间", "预计受益人数", "实际受益人数", "预算（分）", "支出（分）", "提出时间",
    "进入状态时间", "到期时间",
)  # fmt: skip


def row_of(view: LifeView[Project]) -> Sequence[str]:
    """Return the cells of a project, in the order of ``HEADERS``."""
    project = view.life
    spent = sum(entry.amount for entry in project.spent if entry.reversed_at is None)
    return (
        project.code,
        project.id,
        project.title,
        project.community,
        PROJECT.states[project.state].zh,
        project.lead,
        "、".join(project.partners),
        "、".join(project.demands),
        "、".join(project.resources),
        project.agreement or "",
        _moment(project.starts_at),
        _moment(project.ends_at),
        str(project.expected_beneficiaries),
        "" if project.actual_beneficiaries is None else str(project.actual_beneficiaries),
        str(sum(line.amount for line in project.budget)),
        str(spent),
        written(project.opened_at),
        written(project.since),
        _moment(view.due_at),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else written(moment)
