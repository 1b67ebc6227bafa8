"""A report of a region as a page of Markdown, which a person may go on to edit."""

from collections.abc import Iterator, Sequence

from api.language import Language
from api.readmodel.reportviews import Figures, KindFigures, RegionReport, Satisfaction
from api.reports.period import CHINA, Period
from api.reports.texts import (
    CYCLES,
    FIGURES,
    OUTCOMES,
    WHISTLES,
    cell,
    figure,
    kind_name,
    number,
    said,
    span,
    state_name,
)
from schemas.catalogue import Catalogue


def page(report: RegionReport, *, catalogue: Catalogue, language: Language) -> str:
    """Return a report in Markdown; equal reports give equal pages."""
    sections = (
        _head(report, language),
        _figures(report, language),
        _claims(report.figures, language),
        _satisfaction(report.figures, language),
        _whistles(report, language),
        _categories(report.figures, catalogue, language),
        _lives(report.figures, language),
        _standing(report.figures, language),
        _stages(report.figures.lives, language),
        _foot(language),
    )
    return "\n".join(line for section in sections for line in section)


def title(report: RegionReport, language: Language) -> str:
    """Return what a report is called."""
    cycle = said(CYCLES[Period.of(report.period).cycle], language)
    return f"{report.name} {report.period} {cycle}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table whose columns but the first are numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(cell(each) for each in row)} |"
    yield ""


def _head(report: RegionReport, language: Language) -> Iterator[str]:
    figures = report.figures
    zone = Period.of(report.period, zone=report.zone).zone
    since, until = (f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (figures.since, figures.until))
    yield f"# {cell(title(report, language))}\n"
    where = "" if report.zone == CHINA else f" ({report.zone})"
    now = f"{figures.as_of.astimezone(zone):%Y-%m-%d %H:%M}" if _is_running(figures) else None
    if language == "zh":
        so_far = f"；本期未结束，截至 {now}" if now else ""
        yield f"统计区间：{since} 起，{until} 前{where}{so_far}；区划代码 {report.region}。\n"
    else:
        so_far = f"; still running, as of {now}" if now else ""
        yield f"From {since}, before {until}{where}{so_far}; region {report.region}.\n"


def _is_running(figures: Figures) -> bool:
    return figures.as_of < figures.until


def _figures(report: RegionReport, language: Language) -> Iterator[str]:
    yield said(("## 总体情况\n", "## Figures\n"), language)
    head = said(("指标", "figure"), language), said(("本期", "now"), language), said(("上期", "before"), language)
    rows = [
        (said(names, language), figure(report.figures, name, language), figure(report.before, name, language))
        for name, names in FIGURES.items()
    ]
    yield from table(head, rows)


def _claims(figures: Figures, language: Language) -> Iterator[str]:
    if figures.claims:
        yield said(("## 认领结果\n", "## What became of claims\n"), language)
        rows = [(said(OUTCOMES[each.outcome], language), number(each.count)) for each in figures.claims]
        yield from table((said(("结果", "outcome"), language), said(("次数", "times"), language)), rows)


def _satisfaction(figures: Figures, language: Language) -> Iterator[str]:
    if figures.satisfaction.answers is not None:
        yield said(("## 满意度\n", "## Satisfaction\n"), language)
        count, mark = number(figures.satisfaction.answers), _mean(figures.satisfaction)
        yield said((f"{count} 位受益人评价，平均 {mark}（满分 5）。\n", f"{count} answers, {mark} of 5.\n"), language)


def _mean(marks: Satisfaction) -> str:
    mean = marks.mean_hundredths
    return "—" if mean is None else f"{mean // 100}.{mean % 100:02}"


def _whistles(report: RegionReport, language: Language) -> Iterator[str]:
    now, before = report.figures.whistles, report.before.whistles
    if not (now.called or now.arrived):
        return
    yield said(("## 吹哨报到\n", "## Whistles\n"), language)
    head = said(("指标", "figure"), language), said(("本期", "now"), language), said(("上期", "before"), language)
    rows = [
        (said(names, language), number(getattr(now, name)), number(getattr(before, name)))
        for name, names in WHISTLES.items()
    ]
    arrival = said(("到场用时（中位）", "called to arrived (median)"), language)
    rows.append((arrival, span(now.median_arrival_s, language), span(before.median_arrival_s, language)))
    rows.append((said(("平均评分", "mean score"), language), _mean(now.scores), _mean(before.scores)))
    yield from table(head, rows)


def _categories(figures: Figures, catalogue: Catalogue, language: Language) -> Iterator[str]:
    if figures.categories:
        yield said(("## 分类情况\n", "## By category\n"), language)
        head = ("类别", "需求", "名额", "完成") if language == "zh" else ("category", "demands", "seats", "fulfilled")
        yield from table(
            head,
            [
                (
                    _category(catalogue, each.category, language),
                    number(each.demands),
                    number(each.seats),
                    number(each.fulfilled),
                )
                for each in figures.categories
            ],
        )


def _category(catalogue: Catalogue, name: str, language: Language) -> str:
    found = catalogue.categories.get(name)
    return name if found is None else said((found.zh, found.en), language)


def _lives(figures: Figures, language: Language) -> Iterator[str]:
    if lives := figures.lives:
        yield said(("## 办理情况\n", "## What was under way\n"), language)
        zh, en = ("目前", "now") if _is_running(figures) else ("期末", "at the end")
        zh_head = ("事项", "新开", "办结", f"{zh}在办", f"{zh}超期")
        head = zh_head if language == "zh" else ("kind", "begun", "ended", f"open {en}", f"overdue {en}")
        yield from table(
            head,
            [
                (kind_name(each.kind, language), *map(number, (each.begun, each.ended, each.open, each.overdue)))
                for each in lives
            ],
        )


def _standing(figures: Figures, language: Language) -> Iterator[str]:
    rows = [
        (f"{kind_name(each.kind, language)} · {state_name(each.kind, row.state, language)}", number(row.standing))
        for each in figures.lives
        for row in each.standing
    ]
    if rows:
        then = ("## 期末状态\n", "## Where things stood at the end\n")
        yield said(("## 目前状态\n", "## Where things stand\n") if _is_running(figures) else then, language)
        yield from table((said(("状态", "state"), language), said(("数量", "count"), language)), rows)


def _stages(lives: Sequence[KindFigures], language: Language) -> Iterator[str]:
    rows = [
        (
            f"{kind_name(each.kind, language)} · {state_name(each.kind, row.state, language)}",
            number(row.left),
            span(row.median_stay_s, language),
        )
        for each in lives
        for row in each.stages
    ]
    if rows:
        yield said(("## 各环节用时\n", "## Time in each stage\n"), language)
        head = ("环节", "离开次数", "停留（中位）") if language == "zh" else ("stage", "left", "stayed (median)")
        yield from table(head, rows)


def _foot(language: Language) -> Iterator[str]:
    yield said(
        (
            "> 本表由事件记录自动汇总，无需填报；供人工研判参考，不作排名。人数不足五的不显示（—）。\n",
            "> Summed up from the record of events; nobody fills in a form. For people to judge by, and no ranking. "
            "Counts of fewer than five people are not shown (—).\n",
        ),
        language,
    )
