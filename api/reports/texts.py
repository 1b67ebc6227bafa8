"""What reports say, in Chinese and in English: names of figures, spans of time, numbers that are not shown."""

import calendar
from typing import Final

from api.language import Language
from api.readmodel.reportviews import Figures
from api.reports.period import Cycle, Period
from schemas.lives import BY_KIND

CYCLES: Final[dict[Cycle, tuple[str, str]]] = {
    "month": ("月报", "monthly report"),
    "quarter": ("季报", "quarterly report"),
    "half-year": ("半年小结", "half-yearly report"),
    "year": ("年度报告", "annual report"),
}
FIGURES: Final[dict[str, tuple[str, str]]] = {
    "demands_posted": ("新增需求", "demands posted"),
    "seats_asked": ("需求名额", "seats asked for"),
    "resources_offered": ("新增资源", "resources offered"),
    "units_reported": ("新报到单位", "units reported"),
    "members_reported": ("新报到党员", "members reported"),
    "proposed": ("匹配", "matches proposed"),
    "confirmed": ("确认", "matches confirmed"),
    "fulfilled": ("完成服务", "jobs fulfilled"),
    "revoked": ("撤销", "matches revoked"),
    "expired": ("逾期未答复", "matches expired"),
    "median_wait_s": ("从发布到匹配（中位）", "posted to matched (median)"),
    "claims_made": ("双向认领", "claims made"),
}
WHISTLES: Final[dict[str, tuple[str, str]]] = {
    "called": ("吹哨对象", "called"),
    "arrived": ("到场", "arrived"),
    "late": ("逾时到场", "arrived late"),
}
OUTCOMES: Final[dict[str, tuple[str, str]]] = {
    "honoured": ("成功", "honoured"),
    "not_allowed": ("不符合规则", "not allowed"),
    "filled": ("名额已满", "filled"),
    "gone": ("条目已撤回", "gone"),
    "claimed_before": ("他人先认领", "claimed before"),
    "incomplete": ("组团未齐", "team incomplete"),
    "elsewhere": ("已升级到上级", "escalated"),
    "outbid": ("另有更合适的匹配", "outbid"),
}
_ORDINALS: Final = (("一", "first"), ("二", "second"), ("三", "third"), ("四", "fourth"))
_UNITS: Final = ((86_400, "天", "d"), (3_600, "小时", "h"), (60, "分", "min"), (1, "秒", "s"))


def said(both: tuple[str, str], language: Language) -> str:
    """Return a text in one of its two languages."""
    return both[0] if language == "zh" else both[1]


def period_name(period: Period, language: Language) -> str:
    """Return a period as one says it: 2026 年下半年, the second half of 2026."""
    year, number = period.year, period.number
    match period.cycle:
        case "month":
            return said((f"{year} 年 {number} 月", f"{calendar.month_name[number]} {year}"), language)
        case "quarter":
            zh, en = _ORDINALS[number - 1]
            return said((f"{year} 年第{zh}季度", f"the {en} quarter of {year}"), language)
        case "half-year":
            return said(
                (f"{year} 年{'上下'[number - 1]}半年", f"the {_ORDINALS[number - 1][1]} half of {year}"), language
            )
        case "year":
            return said((f"{year} 年度", str(year)), language)


def kind_name(kind: str, language: Language) -> str:
    """Return what a kind of life is called."""
    return BY_KIND[kind].zh if language == "zh" else BY_KIND[kind].en


def state_name(kind: str, state: str, language: Language) -> str:
    """Return what a state of a kind is called."""
    found = BY_KIND[kind].states[state]
    return found.zh if language == "zh" else found.en


def number(count: int | None) -> str:
    """Return a count; one that is not shown is a dash."""
    return "—" if count is None else f"{count:,}"


def span(seconds: int | None, language: Language) -> str:
    """Return a stretch of time in its two largest units, such as ``3 天 4 小时``; a dash for none."""
    if seconds is None:
        return "—"
    parts = []
    for size, zh, en in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {zh if language == 'zh' else en}")
        elif parts:
            break
    return " ".join(parts[:2]) or ("不到 1 秒" if language == "zh" else "under 1 s")


def figure(figures: Figures, name: str, language: Language) -> str:
    """Return one figure as it is shown."""
    value: int | None = getattr(figures, name)
    return span(value, language) if name.endswith("_s") else number(value)


def cell(text: str) -> str:
    """Return a text that fits into one cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
