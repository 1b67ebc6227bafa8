"""Odds and remedies in plain sentences, Chinese and English; a remedy also as the merge patch that makes it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.checks import Notice
from api.language import Language
from api.places import place
from api.problems import Messages
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.preview import DemandPreview, LineOdds
from schemas.regions import Regions
from schemas.why import Remedy

_URGENCY = {
    "urgent": Messages(zh="紧急", en="urgent"),
    "whistle": Messages(zh="吹哨", en="whistle"),
    "emergency": Messages(zh="应急", en="emergency"),
}
_SHARED = {
    "street": Messages(zh="同街道", en="same street"),
    "district": Messages(zh="同区", en="same district"),
    "city": Messages(zh="同市", en="same city"),
    "beyond": Messages(zh="市外", en="beyond the city"),
}


class RemedyWords(BaseModel):
    """A change in words, and as a JSON merge patch (RFC 7396) of the demand."""

    remedy: Remedy
    text: str
    messages: Messages
    patch: Annotated[dict[str, Any], Field(description="Merge it into the demand to make the change.")]


class DemandOdds(BaseModel):
    """What a demand would get: for machines, and in words."""

    preview: DemandPreview
    text: str
    messages: Messages
    remedies: tuple[RemedyWords, ...]
    warnings: tuple[Notice, ...] = ()


def of_demand(
    preview: DemandPreview,
    demand: Demand,
    *,
    warnings: Sequence[Notice],
    catalogue: Catalogue,
    regions: Regions,
    language: Language,
) -> DemandOdds:
    """Return the odds of a demand with a sentence for the whole and one for each remedy."""
    told = [_line(line, catalogue) for line in preview.lines]
    whole = Messages(zh="".join(line.zh for line in told), en=" ".join(line.en for line in told))
    return DemandOdds(
        preview=preview,
        text=whole.zh if language == "zh" else whole.en,
        messages=whole,
        remedies=worded(preview.remedies, demand, catalogue=catalogue, regions=regions, language=language),
        warnings=tuple(warnings),
    )


def worded(
    remedies: Sequence[Remedy], demand: Demand, *, catalogue: Catalogue, regions: Regions, language: Language
) -> tuple[RemedyWords, ...]:
    """Return remedies of a demand in words."""
    words = []
    for remedy in remedies:
        told = said(remedy, catalogue, regions)
        text = told.zh if language == "zh" else told.en
        words.append(RemedyWords(remedy=remedy, text=text, messages=told, patch=patch_of(remedy, demand)))
    return tuple(words)


def patch_of(remedy: Remedy, demand: Demand) -> dict[str, Any]:
    """Return the merge patch that makes the change; lists are replaced whole, as merge patches do."""
    match remedy.kind:
        case "place":
            return {"community": remedy.community}
        case "urgency":
            return {"urgency": remedy.urgency}
        case "time":
            return _moved(remedy, demand)
        case "apart" if demand.bundle and len(demand.lines) > 1:
            return {"bundle": False}
    changes: dict[str, dict[str, Any]] = {
        "item": {"item": remedy.item},
        "siblings": {"siblings": True},
        "seats": {"quantity": remedy.quantity},
        "apart": {"together": False},
    }
    lines = [line.model_dump(mode="json") for line in demand.lines]
    if remedy.quantities is None:
        lines[remedy.line] |= changes[remedy.kind]
    else:
        lines = [line | {"quantity": seats} for line, seats in zip(lines, remedy.quantities, strict=True)]
    return {"lines": lines} | ({"bundle": False} if remedy.kind == "apart" and demand.bundle else {})


def _moved(remedy: Remedy, demand: Demand) -> dict[str, Any]:
    by, window = timedelta(minutes=remedy.minutes or 0), demand.window
    moved = {"window": {"start": (window.start + by).isoformat(), "end": (window.end + by).isoformat()}}
    return moved if demand.deadline is None else moved | {"deadline": (demand.deadline + by).isoformat()}


def _line(line: LineOdds, catalogue: Catalogue) -> Messages:
    item, told = catalogue.items.get(line.item), _verdict(line)
    seats = f"{line.served}/{line.asked}"
    return Messages(
        zh=f"“{item.zh if item else line.item}”（{seats}）：{told.zh}",
        en=f"“{item.en if item else line.item}” ({seats}): {told.en}",
    )


def _verdict(line: LineOdds) -> Messages:  # noqa: PLR0911 - one sentence for each verdict
    match line.verdict:
        case "served":
            return Messages(
                zh=f"现在发布，名额都能配上；符合条件的资源 {line.eligible} 项。",
                en=f"posted now, every seat would be served; {line.eligible} resources would do.",
            )
        case "partly":
            return Messages(
                zh=f"现在发布，只能配上 {line.served} 个名额。", en=f"posted now, only {line.served} would be served."
            )
        case "lapsed":
            return Messages(zh="截止时间已过。", en="the deadline has passed.")
        case "outbid" if line.short_by is None:
            return Messages(
                zh=f"符合条件的资源有 {line.eligible} 项，但会给更需要的需求。",
                en=f"{line.eligible} resources would do, but go to more pressing demands.",
            )
        case "incomplete":
            return Messages(
                zh=f"名额须一次凑齐、同时开始，目前同一时间最多能凑到 {line.at_best} 个；组团的其他名额也要凑齐。",
                en="all seats of the team are needed at once; at any one start at most "
                f"{line.at_best} of these could be had, and the others of its team must be had too.",
            )
        case "outbid":
            return Messages(
                zh=f"符合条件的资源有 {line.eligible} 项，但会给更需要的需求；还差 {line.short_by or 0:,} 分。",
                en=f"{line.eligible} resources would do, but go to more pressing demands; "
                f"{line.short_by or 0:,} points are missing.",
            )
        case _:
            return Messages(zh="目前没有可用的资源。", en="no resource would do right now.")


def said(remedy: Remedy, catalogue: Catalogue, regions: Regions) -> Messages:
    """Return a remedy in words."""
    change = _change(remedy, catalogue, regions)
    if remedy.kind == "seats":
        return change
    seats, whole = (remedy.seats, False) if remedy.in_all is None else (remedy.in_all, True)
    zh = f"{change.zh}，{'共' if whole else ''}可配上 {seats} 个名额"
    en = f"{change.en}: {seats} {'seat' if seats == 1 else 'seats'} served{' in all' if whole else ''}"
    if not remedy.price:
        return Messages(zh=f"{zh}，不影响他人。", en=f"{en}, at nobody's expense.")
    return Messages(
        zh=f"{zh}，其他需求共少得 {remedy.price:,} 分。", en=f"{en}; others give up {remedy.price:,} points."
    )


def _change(remedy: Remedy, catalogue: Catalogue, regions: Regions) -> Messages:
    match remedy.kind:
        case "item":
            item = catalogue.items.get(remedy.item or "")
            name = Messages(zh=item.zh if item else remedy.item or "", en=item.en if item else remedy.item or "")
            return Messages(zh=f"改为“{name.zh}”", en=f"Ask for “{name.en}” instead")
        case "siblings":
            return Messages(zh="同类项目也可以", en="Let others of the category do")
        case "time":
            return _shift(remedy.minutes or 0)
        case "place":
            near, where = _SHARED[remedy.shared or "beyond"], place(regions, remedy.community or "")
            return Messages(zh=f"改在{where}（{near.zh}）", en=f"Hold it in {where} ({near.en})")
        case "urgency":
            level = _URGENCY[remedy.urgency or "urgent"]
            return Messages(zh=f"如确属{level.zh}，提高紧急程度", en=f"Raise the urgency to {level.en}, if it is so")
        case _:
            return _of_seats(remedy)


def _of_seats(remedy: Remedy) -> Messages:
    if remedy.kind == "apart":
        whole = Messages(zh="不必一次凑齐，各项各自配", en="Let its lines be filled each on its own, not as a bundle")
        alone = Messages(zh="不必一次凑齐，名额各自配", en="Let each seat be filled on its own, not as a team")
        return alone if remedy.in_all is None else whole
    if remedy.quantities is not None:
        return Messages(
            zh=f"各项名额依次改为 {'、'.join(map(str, remedy.quantities))} 个，即可全部配上。",
            en=f"Ask for {', '.join(map(str, remedy.quantities))} seats in its lines in turn, and all of it is served.",
        )
    return Messages(
        zh=f"改为 {remedy.quantity} 个名额，即可全部配上。",
        en=f"Ask for {remedy.quantity}, and all of it is served.",
    )


def _shift(minutes: int) -> Messages:
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, left = divmod(rest, 60)
    zh = " ".join(f"{count} {unit}" for count, unit in ((days, "天"), (hours, "小时"), (left, "分钟")) if count)
    en = " ".join(f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (left, "min")) if count)
    if minutes > 0:
        return Messages(zh=f"推迟 {zh}", en=f"Move it {en} later")
    return Messages(zh=f"提前 {zh}", en=f"Move it {en} earlier")
