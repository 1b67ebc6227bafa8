"""The words of a spreadsheet cell: enumerations in Chinese or English, yes and no, numbers, local times.

Every function takes the text of a cell and raises Refused with a stable code.
"""

import re
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from schemas.demands import Beneficiary, Channel, Fitness, Urgency
from schemas.enrolment import EnrolmentKind, MemberClass
from schemas.refusals import Refused
from schemas.resources import AccessMode, DeliveryMode, ResourceKind

LOCAL = ZoneInfo("Asia/Shanghai")
"""What a time without an offset means."""

Enumeration = TypeVar("Enumeration", bound=StrEnum)

ZH: dict[StrEnum, str] = {
    Urgency.NORMAL: "普通",
    Urgency.URGENT: "紧急",
    Urgency.WHISTLE: "吹哨",
    Urgency.EMERGENCY: "应急",
    Channel.VISIT: "走访",
    Channel.GRID: "网格",
    Channel.RECEPTION: "接待",
    Channel.TELEPHONE: "电话",
    Channel.PAPER: "书面",
    Channel.HOTLINE: "热线",
    Channel.COUNCIL: "议事会",
    Channel.ONLINE: "线上",
    Channel.UNIT: "单位",
    Beneficiary.GENERAL: "一般群众",
    Beneficiary.ELDERLY: "老年人",
    Beneficiary.YOUTH: "青少年",
    Beneficiary.CHILDREN: "儿童",
    Beneficiary.DISABLED: "残疾人",
    Beneficiary.POOR: "困难群众",
    Beneficiary.ILL: "患病群众",
    Fitness.ADULT: "成年",
    Fitness.LIFTING: "能负重",
    Fitness.HEIGHTS: "能登高",
    Fitness.STANDING: "能久站",
    Fitness.NIGHT: "能值夜",
    ResourceKind.SKILL: "人才",
    ResourceKind.VENUE: "阵地",
    ResourceKind.FACILITY: "设施",
    ResourceKind.GOODS: "物资",
    ResourceKind.FUND: "资金",
    ResourceKind.INFORMATION: "信息",
    ResourceKind.POLICY: "政策",
    ResourceKind.ACTIVITY: "活动",
    ResourceKind.CULTURE: "文化",
    AccessMode.FREE: "免费",
    AccessMode.BOOKING: "预约",
    AccessMode.PAID: "付费",
    DeliveryMode.MUTUAL: "互助",
    DeliveryMode.JOINT: "协同",
    DeliveryMode.WINDOW: "窗口",
    DeliveryMode.OFF_PEAK: "错时",
    DeliveryMode.PROXY: "代理",
    MemberClass.RESIDENT: "居民党员",
    MemberClass.IN_SERVICE: "在职党员",
    MemberClass.RETIRED: "离退休党员",
    MemberClass.MOBILE: "流动党员",
    MemberClass.LAID_OFF: "下岗企业党员",
    EnrolmentKind.UNIT_LINK: "单位联系",
    EnrolmentKind.RESIDENCE: "居住地",
}
BETWEEN = re.compile(r"[、,，;；\s]+")
"""What stands between the words of a cell that holds several."""
_YES = frozenset({"是", "yes", "y", "true", "1", "√", "✓", "对", "有"})
_NO = frozenset({"否", "no", "n", "false", "0", "×", "✗", "无", "不"})
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})\s*[:：时点]\s*(?:(\d{1,2})\s*分?)?", re.ASCII)


def enumerated(kind: type[Enumeration], text: str) -> Enumeration:
    """Return the member that a cell names, in either language."""
    wanted = text.strip().lower()
    for member in kind:
        if wanted in (member.value, ZH[member], member.value.replace("_", " "), member.value.replace("_", "-")):
            return member
    raise Refused("unknown_word", "、".join(ZH[member] for member in kind))


def several(kind: type[Enumeration], text: str) -> tuple[Enumeration, ...]:
    """Return the members that a cell names, set apart by commas or blanks, in either language."""
    return tuple(enumerated(kind, word) for word in BETWEEN.split(text) if word)


def yes_or_no(text: str) -> bool:
    """Return whether a cell says yes."""
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise Refused("unknown_word", "是、否")
    return word in _YES


def bundle_name(text: str) -> str | None:
    """Return what a cell calls a bundle, in lower case; None where it says no."""
    name = text.strip().lower()
    return None if name in _NO else name


def whole(text: str) -> int:
    """Return a whole number; thousands may be set apart by commas."""
    digits = text.replace(",", "").replace("，", "").strip()
    if not re.fullmatch(r"-?[0-9]{1,18}", digits):
        raise Refused("invalid_value", "a whole number")
    return int(digits)


def instant(text: str, *, ends: bool = False) -> datetime:
    """Return the instant that a cell names: ISO 8601, or a date as people write it, with or without a clock time.

    Without an offset it is Shanghai's time. A date alone is its first moment, or where it ``ends`` something,
    the first moment of the next day.
    """
    try:
        day, clock, offset = _parts(text.strip())
        moment = datetime.combine(day.date(), clock or time(), offset or LOCAL)
        return moment + timedelta(days=1) if ends and clock is None else moment
    except (ValueError, OverflowError):
        raise Refused("bad_time", "2026-11-21 14:00") from None


def _parts(text: str) -> tuple[datetime, time | None, tzinfo | None]:
    """Return day, clock time and time zone, as far as the text names them."""
    if found := _DATE.match(text):
        year, month, day = (int(part) for part in found.groups())
        rest = text[found.end() :].strip()
        if not rest:
            return datetime(year, month, day, tzinfo=LOCAL), None, None
        if (clock := _CLOCK.fullmatch(rest)) is not None:
            hour, minute = int(clock[1]), int(clock[2] or 0)
            return datetime(year, month, day, tzinfo=LOCAL), time(hour, minute), None
    moment = datetime.fromisoformat(text)
    return moment, moment.time(), moment.tzinfo
