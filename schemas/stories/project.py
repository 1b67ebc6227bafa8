"""A lunch table for the elderly of one community, from the proposal to its closing; three others that end sooner."""

from typing import Any, Final

from schemas.lives import project_steps as said
from schemas.lives.evaluation import digest_of
from schemas.stories.teller import CENTRE, HALL, MEMBER, STREET, Teller, day

_table = Teller("p-20261102-0001")
_garden = Teller("p-20261102-0002")
_fair = Teller("p-20261102-0003")
_school = Teller("p-20261102-0004")
_SALT: Final = "5f0c9e1b2a7d4c385f0c9e1b2a7d4c38"
_PLEASED: Final[dict[str, Any]] = {"score": 5, "text": "饭菜合口，送餐准时。"}
_GRATEFUL: Final[dict[str, Any]] = {"score": 4, "text": "场地周全，签到可以更简便。"}
_LUNCH: Final[dict[str, Any]] = {
    "title": "长者午餐桌",
    "detail": "为独居老人提供工作日午餐。",
    "lead": HALL,
    "partners": (CENTRE,),
    "demands": ("d-20261117-0031",),
    "resources": ("r-20261116-0007",),
    "milestones": ({"title": "开桌", "due": day(20)}, {"title": "满月", "due": day(50)}),
    "budget": ({"title": "餐具", "amount": 300_000, "fund": "r-20261101-0001", "earmark": "只用于助餐"},),
    "starts_at": day(18),
    "ends_at": day(60),
    "expected_beneficiaries": 30,
}


def _digest(party: str, said: dict[str, Any]) -> str:
    return digest_of(project="p-20261102-0001", party=party, salt=_SALT, **said)


STORY: Final = (
    _table.tell(said.ProjectProposed, by=STREET, serial=1, **_LUNCH),
    _table.tell(said.ProjectRevised, expected_beneficiaries=36),
    _table.tell(said.ProjectReviewed, by=STREET, meeting="m-20261102-0001", resolution=1, verdict="return"),
    _table.tell(said.ProjectReturned, by=STREET, reason="请写明配送路线"),
    _table.tell(said.ProjectResubmitted),
    _table.tell(said.ProjectReviewed, by=STREET, meeting="m-20261102-0001", resolution=2, verdict="approve"),
    _table.tell(said.ProjectApproved, by=STREET),
    _table.tell(said.ProjectPublicised, by=STREET, days=5),
    _table.tell(said.ProjectObjected, by=MEMBER, objection="楼下已有一处助餐点"),
    _table.tell(said.ProjectObjectionAnswered, by=STREET, objection=1, answer="那一处只在周末开放"),
    _table.tell(said.ProjectSigned, agreement="a-20261102-0001", on=14),
    _table.tell(said.ProjectStaffed, posts=({"title": "送餐", "people": (MEMBER,)},)),
    _table.tell(said.ProjectRestaffed, posts=({"title": "送餐", "people": (MEMBER, CENTRE)},)),
    _table.tell(said.ProjectStarted),
    _table.tell(said.ProjectSuspended, reason="场地检修"),
    _table.tell(said.ProjectResumed),
    _table.tell(said.ProjectMilestoneReached, by=CENTRE, milestone=1, note="首日二十二位老人"),
    _table.tell(said.ProjectSpent, by=CENTRE, line=1, amount=120_000, purpose="餐具六十套", voucher="2026-118"),
    _table.tell(said.ProjectSpendingReversed, entry=1, reason="金额录错"),
    _table.tell(said.ProjectExtended, ends_at=day(70), reason="检修耽误一周"),
    _table.tell(said.ProjectMilestoneReached, by=CENTRE, milestone=2, on=52),
    _table.tell(said.ProjectDelivered, by=CENTRE, outcome="开桌四十天", actual_beneficiaries=41),
    _table.tell(said.ProjectReworked, reason="请补上满意度回访"),
    _table.tell(said.ProjectDelivered, by=CENTRE, outcome="已回访", actual_beneficiaries=41),
    _table.tell(said.ProjectAccepted, opinion="老人们满意"),
    _table.tell(said.ProjectEvaluationSealed, digest=_digest(HALL, _PLEASED)),
    _table.tell(said.ProjectEvaluationSealed, by=CENTRE, digest=_digest(CENTRE, _GRATEFUL)),
    _table.tell(said.ProjectEvaluationRevealed, party=HALL, salt=_SALT, **_PLEASED),
    _table.tell(said.ProjectEvaluationRevealed, by=CENTRE, party=CENTRE, salt=_SALT, **_GRATEFUL),
    _table.tell(said.ProjectClosed, by=STREET, summary="转为常设"),
    _garden.tell(said.ProjectProposed, by=STREET, serial=2, title="屋顶菜园", lead=HALL, partners=(CENTRE,)),
    _garden.tell(said.ProjectReviewed, by=STREET, meeting="m-20261102-0001", resolution=3, verdict="approve"),
    _garden.tell(said.ProjectApproved, by=STREET),
    _garden.tell(said.ProjectPublicised, by=STREET, days=0, reason="防汛抢修，不能等待"),
    _garden.tell(said.ProjectSigned, agreement="a-20261102-0002"),
    _garden.tell(said.ProjectStaffed, posts=({"title": "管护", "people": (MEMBER,)},)),
    _garden.tell(said.ProjectStarted),
    _garden.tell(said.ProjectDelivered, by=CENTRE, outcome="已完工", actual_beneficiaries=12),
    _garden.tell(said.ProjectAccepted, evaluate_days=1),
    _garden.tell(said.ProjectEvaluated, by="system:clock", on=12),
    _fair.tell(said.ProjectProposed, by=CENTRE, serial=3, title="旧书市集", lead=CENTRE),
    _fair.tell(said.ProjectRejected, by=STREET, reason="与消防通道冲突"),
    _school.tell(said.ProjectProposed, by=CENTRE, serial=4, title="夜校", lead=CENTRE),
    _school.tell(said.ProjectTerminated, by=CENTRE, reason="报名不足"),
)
