"""The service book 服务项目书 of a project as a document: what for, with what, by whom, and how it went. Pure."""

from collections.abc import Iterator
from datetime import datetime

from api.documents.agreement import foot, sign_here
from api.documents.model import Block, Document, Heading, Paragraph, Signatures, Table
from api.documents.names import Names
from schemas.lives.budget import spent_of
from schemas.lives.project import PROJECT, Project


def service_book(project: Project, names: Names, as_of: datetime) -> Document:
    """Return the book of the project as it stood after the step it is at, which was taken at ``as_of``."""
    return Document(
        title=project.title,
        subtitle=names.said(f"服务项目书 · {project.code}", f"Service book · {project.code}"),
        foot=foot(names, "project", project.id, project.step, as_of),
        as_of=as_of,
        blocks=tuple(_numbered(_sections(project, names), names)),
    )


def _sections(project: Project, names: Names) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """Yield the title and the blocks of each section that has something to say."""
    said = names.said
    yield said("基本情况", "The project"), (Table((), tuple(_facts(project, names)), (1, 3)), *_text(project.detail))
    if project.demands or project.resources:
        yield said("需求与资源", "Demands and resources"), (_entries(project, names),)
    if project.milestones:
        yield said("进度节点", "Milestones"), (_milestones(project, names),)
    if project.budget:
        yield said("经费预算", "Budget"), (_budget(project, names),)
    if project.posts:
        yield said("岗位与人员", "Posts"), (_posts(project, names),)
    if project.reviews or project.objections or project.notice_until:
        yield said("评审与公示", "Review and public notice"), tuple(_review(project, names))
    if project.outcome or project.opinion or project.summary:
        yield said("实施成效", "Outcome"), tuple(_outcome(project, names))
    if any(each.shown_at is not None for each in project.evaluations):
        yield said("双向评价", "What they say of each other"), (_evaluations(project, names),)
    lines = tuple((names.party(each), "") for each in project.signatories)
    yield said("签署", "Signatures"), (Signatures(lines, sign_here(names)),)


def _numbered(sections: Iterator[tuple[str, tuple[Block, ...]]], names: Names) -> Iterator[Block]:
    for number, (title, blocks) in enumerate(sections):
        yield Heading(names.said(f"{'一二三四五六七八九'[number]}、{title}", f"{number + 1}. {title}"))
        yield from blocks


def _facts(project: Project, names: Names) -> Iterator[tuple[str, str]]:
    said = names.said
    yield said("项目编号", "code"), project.code
    yield said("社区", "community"), names.party(f"community:{project.community}")
    yield said("牵头方", "lead"), names.party(project.lead)
    yield said("共建方", "partners"), names.parties(project.partners) or "—"
    yield said("起止时间", "from, until"), f"{names.day(project.starts_at)} — {names.day(project.ends_at)}"
    yield said("预计受益人数", "expected beneficiaries"), str(project.expected_beneficiaries)
    if project.actual_beneficiaries is not None:
        yield said("实际受益人数", "actual beneficiaries"), str(project.actual_beneficiaries)
    if project.agreement is not None:
        yield said("共建协议", "agreement"), project.agreement
    yield said("状态", "state"), names.state(PROJECT.states, project.state)
    if project.reason is not None:
        yield said("说明", "reason"), project.reason


def _text(text: str) -> tuple[Block, ...]:
    return (Paragraph(text),) if text else ()


def _entries(project: Project, names: Names) -> Table:
    said = names.said
    rows = [(said("需求", "demand"), names.entry(each)) for each in project.demands]
    rows += [(said("资源", "resource"), names.entry(each)) for each in project.resources]
    return Table((said("类别", "kind"), said("名称", "title")), tuple(rows), (1, 5))


def _milestones(project: Project, names: Names) -> Table:
    said = names.said
    reached = {each.milestone: each for each in project.reached}
    rows = []
    for number, milestone in enumerate(project.milestones, start=1):
        done = reached.get(number)
        late = said("（逾期）", " (late)") if done is not None and done.is_late else ""
        when = "—" if done is None else names.day(done.reached_at) + late
        rows.append((str(number), milestone.title, names.day(milestone.due), when))
    head = said("序号", "no."), said("节点", "milestone"), said("计划", "due"), said("达到", "reached")
    return Table(head, tuple(rows), (1, 6, 3, 4))


def _budget(project: Project, names: Names) -> Table:
    """Return the lines with what was spent of each, and their sum; sums are in whole units of the currency."""
    said = names.said
    rows, total, used = [], 0, 0
    for number, line in enumerate(project.budget, start=1):
        spent = spent_of(number, project.spent)
        total, used = total + line.amount, used + spent
        money = (names.money(line.amount), names.money(spent), names.money(line.amount - spent))
        rows.append((str(number), line.title, line.earmark, names.entry(line.fund), *money))
    sums = (names.money(total), names.money(used), names.money(total - used))
    rows.append(("", said("合计", "total"), "", "", *sums))
    head = (
        said("序号", "no."),
        said("项目", "line"),
        said("专项用途", "earmark"),
        said("资金来源", "fund"),
        said("预算", "budget"),
        said("已用", "spent"),
        said("余额", "left"),
    )
    return Table(head, tuple(rows), (2, 5, 5, 6, 4, 4, 4))


def _posts(project: Project, names: Names) -> Table:
    rows = tuple((post.title, names.parties(post.people)) for post in project.posts)
    return Table((names.said("岗位", "post"), names.said("人员", "people")), rows, (1, 3))


def _review(project: Project, names: Names) -> Iterator[Block]:
    said = names.said
    verdicts = {"approve": said("同意", "approve"), "return": said("退回", "return"), "reject": said("否决", "reject")}
    for each in project.reviews:
        where = said(
            f"联席会议 {each.meeting} 第 {each.resolution} 项决议", f"Meeting {each.meeting}, {each.resolution}"
        )
        opinion = said(f"：{each.opinion}", f": {each.opinion}") if each.opinion else ""
        yield Paragraph(f"{names.day(each.at)} {where}（{verdicts[each.verdict]}）{opinion}")
    if project.notice_until is not None:
        day = names.day(project.notice_until)
        yield Paragraph(said(f"公示至 {day}。", f"On public notice until {day}."))
    if project.objections:
        none = said("未答复", "none yet")
        rows = tuple((names.party(each.by), each.objection, each.answer or none) for each in project.objections)
        yield Table((said("异议方", "by"), said("异议", "objection"), said("答复", "answer")), rows, (2, 4, 4))


def _outcome(project: Project, names: Names) -> Iterator[Block]:
    for title, text in (
        (names.said("交付", "Delivered"), project.outcome),
        (names.said("验收意见", "Accepted"), project.opinion),
        (names.said("结项小结", "Closed"), project.summary),
    ):
        if text:
            yield Paragraph(names.said(f"{title}：{text}", f"{title}: {text}"))


def _evaluations(project: Project, names: Names) -> Table:
    """Return what is shown; of what its party has not shown there is no more than that it was said."""
    said = names.said
    rows = []
    for each in project.evaluations:
        sealed = each.shown_at is None
        score = "—" if sealed else str(each.score)
        rows.append((names.party(each.party), score, said("尚未公开", "not shown") if sealed else each.text or "—"))
    head = said("评价方", "by"), said("评分（1–5）", "score (1–5)"), said("评价", "evaluation")
    return Table(head, tuple(rows), (3, 2, 7))
