"""A project's plan in two cells, to be read and to be written: milestones, and lines of the budget.

    2030-06-01 18:00 开桌 | 2030-07-01 满月
    r-20261101-0001 300000 餐具 / 只用于助餐 | r-20261101-0001 50000 围裙 / 只用于助餐

A bar or a slash that belongs to a text has a backslash before it. Every reader takes the text of a cell and raises
Refused with a stable code.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from api.imports.occasions import written
from api.imports.words import instant, whole
from schemas.lives.budget import BudgetLine
from schemas.lives.project_steps import Milestone
from schemas.refusals import Refused

_BETWEEN = re.compile(r"(?<!\\)[|｜\n]")
_SLASH = re.compile(r"(?<!\\)[/／]")
_SIGN = re.compile(r"[|｜\n/／]")
_SPARED = re.compile(r"\\([|｜\n/／])")
_DUE = re.compile(
    r"(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}(?:\s*日)?"
    r"(?:[T\s]\s*\d{1,2}[:：]\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)\s+(.+)",
    re.ASCII | re.DOTALL,
)
_LINE = re.compile(r"(\S+)\s+([0-9,，]+)\s*分?\s+(.+)", re.DOTALL)


def milestones(text: str) -> tuple[dict[str, Any], ...]:
    """Return what is to be reached and by when, as ``Milestone`` takes it; a date alone lasts to its end."""
    return tuple(_milestone(part) for part in _parts(text))


def budget(text: str) -> tuple[dict[str, Any], ...]:
    """Return the lines of a budget as ``BudgetLine`` takes them: fund, sum in hundredths, title, earmark."""
    return tuple(_line(part) for part in _parts(text))


def of_milestones(found: Sequence[Milestone]) -> str:
    """Return milestones as ``milestones`` reads them."""
    return " | ".join(f"{written(each.due)} {_plain(each.title)}" for each in found)


def of_budget(found: Sequence[BudgetLine]) -> str:
    """Return lines of a budget as ``budget`` reads them."""
    return " | ".join(f"{each.fund} {each.amount} {_plain(each.title)} / {_plain(each.earmark)}" for each in found)


def _milestone(text: str) -> dict[str, Any]:
    found = _DUE.fullmatch(text)
    if found is None:
        raise Refused("bad_time", "2030-06-01 18:00 开桌")
    return {"due": instant(found[1], ends=True), "title": _meant(found[2])}


def _line(text: str) -> dict[str, Any]:
    found = _LINE.fullmatch(text)
    told = _SLASH.split(found[3], maxsplit=1) if found is not None else []
    if found is None or len(told) < 2:
        raise Refused("invalid_value", "r-20261101-0001 300000 餐具 / 只用于助餐")
    title, earmark = (_meant(part) for part in told)
    return {"fund": found[1], "amount": whole(found[2]), "title": title, "earmark": earmark}


def _parts(text: str) -> Iterator[str]:
    return (part.strip() for part in _BETWEEN.split(text) if part.strip())


def _plain(text: str) -> str:
    return _SIGN.sub(r"\\\g<0>", text)


def _meant(text: str) -> str:
    return _SPARED.sub(r"\1", text).strip()
