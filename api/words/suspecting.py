"""Likely duplicates as the API gives them: which demands, how likely, and in a sentence what speaks for and against."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, Field

from api.language import Language
from api.places import place
from api.problems import Messages
from api.words.duplicates import Against, Duplicate, Reason
from schemas.base import Moment
from schemas.regions import Regions

MOST = 5
"""Demands in one answer: a person is to read them all."""

_FOR: Final[dict[Reason, Messages]] = {
    "words": Messages(zh="说法相近", en="similar words"),
    "door": Messages(zh="同一门牌", en="the same door"),
    "item": Messages(zh="同一服务项目", en="the same service"),
    "category": Messages(zh="同类服务", en="a service of the same kind"),
    "time": Messages(zh="时间重叠", en="overlapping hours"),
    "community": Messages(zh="同一社区", en="the same community"),
    "beneficiary": Messages(zh="服务对象相同", en="for the same people"),
}
_AGAINST: Final[dict[Against, Messages]] = {
    "other_door": Messages(zh="门牌不同", en="another door"),
    "other_days": Messages(zh="日期相隔三天以上", en="more than three days apart"),
}


class LikelyDuplicate(BaseModel):
    """An open demand, or a need that is not on the list yet, that may say the same."""

    id: Annotated[str, Field(examples=["d-20261117-0031"])]
    listed: Annotated[bool, Field(description="Whether it is on the demand list; else it is a need on its way there.")]
    need: Annotated[str, Field(description="The need it belongs to: what `:merge` takes as `into`.")]
    title: str
    community: str
    place: Annotated[str, Field(description="Its street and community.")]
    since: Annotated[Moment, Field(description="When it was posted, or taken down.")]
    score: Annotated[float, Field(ge=0, le=1, description="For comparing within one answer; not a probability.")]
    reasons: tuple[Reason, ...]
    against: tuple[Against, ...]
    text: str
    messages: Messages


class LikelyDuplicates(BaseModel):
    """Open demands and needs that may say the same, the likeliest first. Whether they do is for a person to say."""

    duplicates: tuple[LikelyDuplicate, ...]
    text: str
    messages: Messages


def of_found(found: Sequence[tuple[Duplicate, str]], *, regions: Regions, language: Language) -> LikelyDuplicates:
    """Return likely duplicates in words; each comes with the id of its need."""
    told = (
        Messages(zh=f"可能与 {len(found)} 条重复。", en=f"Open ones that it may repeat: {len(found)}.")
        if found
        else Messages(zh="没有发现可能重复的。", en="Nothing that is open seems to say the same.")
    )
    return LikelyDuplicates(
        duplicates=tuple(_one(each, need, regions=regions, language=language) for each, need in found),
        text=_in(told, language),
        messages=told,
    )


def _one(found: Duplicate, need: str, *, regions: Regions, language: Language) -> LikelyDuplicate:
    told = _said(found)
    return LikelyDuplicate(
        id=found.other.id,
        listed=found.other.listed,
        need=need,
        title=found.other.title,
        community=found.other.community,
        place=place(regions, found.other.community),
        since=found.other.since,
        score=found.score,
        reasons=found.reasons,
        against=found.against,
        text=_in(told, language),
        messages=told,
    )


def _said(found: Duplicate) -> Messages:
    speaks = [_FOR[reason] for reason in found.reasons]
    speaks_not = [_AGAINST[each] for each in found.against]
    zh, en = "、".join(each.zh for each in speaks), ", ".join(each.en for each in speaks)
    if speaks_not:
        zh += "；但" + "、".join(each.zh for each in speaks_not)
        en += "; but " + ", ".join(each.en for each in speaks_not)
    return Messages(zh=f"{zh}。", en=f"{en[:1].upper()}{en[1:]}.")


def _in(messages: Messages, language: Language) -> str:
    return messages.zh if language == "zh" else messages.en
