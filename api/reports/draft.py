"""The draft of a double report 双报告: what a unit or a member did, in sentences from the record, to be completed."""

from collections.abc import Iterator, Sequence

from api.language import Language
from api.readmodel.reportviews import Entry, PartyReport, Service
from api.reports.period import Period
from api.reports.texts import cell, kind_name, period_name, said, state_name
from schemas.catalogue import Catalogue
from schemas.regions import Regions


def draft(report: PartyReport, *, catalogue: Catalogue, regions: Regions, language: Language) -> str:
    """Return the draft in Markdown. What the record cannot know is left to be written by the party."""
    sections = (
        _head(report, regions, language),
        _jobs(report.given, catalogue, ("提供服务", "Service given"), language),
        _jobs(report.received, catalogue, ("得到支持", "Support received"), language),
        _lists(report, language),
        _matters(report, language),
        _open_ends(language),
    )
    return "\n".join(line for section in sections for line in section)


def _head(report: PartyReport, regions: Regions, language: Language) -> Iterator[str]:
    period = Period.of(report.period)
    who = report.name or report.party
    yield f"# {cell(who)} {report.period} " + said(("“双报告”（草稿）\n", "report (draft)\n"), language)
    where = "" if report.community is None else regions.name(report.community)
    day = f"{report.as_of.astimezone(period.zone):%Y-%m-%d}"
    so_far = said((f"（截至 {day}）", f" (up to {day})"), language) if _is_running(report) else ""
    name = period_name(period, language) + so_far
    times, minutes = sum(each.times for each in report.given), sum(each.minutes for each in report.given)
    asked = len(report.asked)
    if language == "zh":
        yield (
            f"{name}，我方{where and f'在{where}'}完成服务 {times} 次，约 {_hours(minutes)} 小时；"
            f"登记资源 {len(report.offered)} 项，提出需求 {asked} 项。\n"
        )
    else:
        yield (
            f"In {name} we did {times} jobs in about {_hours(minutes)} hours{where and f' while serving {where}'}, "
            f"put {len(report.offered)} resources on the list and asked for {asked} things.\n"
        )


def _jobs(jobs: Sequence[Service], catalogue: Catalogue, title: tuple[str, str], language: Language) -> Iterator[str]:
    if not jobs:
        return
    yield f"## {said(title, language)}\n"
    for job in jobs:
        item = catalogue.items.get(job.item)
        name = job.item if item is None else said((item.zh, item.en), language)
        hours = _hours(job.minutes)
        yield said(
            (
                f"- {name}：{job.times} 次，约 {hours} 小时，涉及 {job.communities} 个社区。",
                f"- {name}: {job.times} times, about {hours} hours, in {job.communities} communities.",
            ),
            language,
        )
    yield ""


def _lists(report: PartyReport, language: Language) -> Iterator[str]:
    for entries, title in (
        (report.offered, ("登记的资源", "Resources put on the list")),
        (report.asked, ("提出的需求", "Demands")),
    ):
        if entries:
            yield f"## {said(title, language)}\n"
            yield from (_entry(entry) for entry in entries)
            yield ""


def _entry(entry: Entry) -> str:
    return f"- {cell(entry.title)} (`{entry.id}`)"


def _is_running(report: PartyReport) -> bool:
    return report.as_of < report.until


def _matters(report: PartyReport, language: Language) -> Iterator[str]:
    if not report.matters:
        return
    zh, en = ("目前", "now") if _is_running(report) else ("期末", "at the end")
    yield said(("## 参与的事项\n", "## What else we took part in\n"), language)
    for each in report.matters:
        kind, state = kind_name(each.kind, language), state_name(each.kind, each.state, language)
        steps = said((f"，我方经办 {each.steps} 次", f", {each.steps} steps ours"), language) if each.steps else ""
        yield said(
            (
                f"- {kind}“{cell(each.title)}”：{zh}{state}{steps}。",
                f"- {kind} “{cell(each.title)}”: {state} {en}{steps}.",
            ),
            language,
        )
    yield ""


def _open_ends(language: Language) -> Iterator[str]:
    yield said(
        ("## 体会与问题\n\n（请补充）\n", "## What we learnt, and what stood in the way\n\n(to be written)\n"), language
    )
    yield said(("## 下一步打算\n\n（请补充）\n", "## What comes next\n\n(to be written)\n"), language)
    yield said(
        (
            "> 以上数字和事项由事件记录生成，可自行修改；无需照片或其他佐证。\n",
            "> Figures and matters come from the record; change what you like. No photos or proofs are asked for.\n",
        ),
        language,
    )


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours}.{rest * 10 // 60}" if rest else f"{hours}"
