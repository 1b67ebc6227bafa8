"""Suggestions as the API gives them: item, score, and in a sentence which words spoke for it."""

from typing import Annotated

from pydantic import BaseModel, Field

from api.language import Language
from api.problems import Messages
from api.words.index import Suggestion
from schemas.catalogue import Catalogue

MOST = 10
"""Items in one answer; more would be the catalogue again."""
LONGEST = 4_000
"""Characters of a text; a title and its detail are shorter."""

_NONE = Messages(
    zh="服务项目库中没有找到合适的项目，请自行选择。",
    en="Nothing in the catalogue seems to fit; please choose by hand.",
)


class FreeText(BaseModel):
    """What somebody wrote down; it may hold names and numbers, so it is neither kept nor logged."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST, examples=["奶奶卧床，头发长了，想请师傅上门剪一剪"])]
    limit: Annotated[int, Field(ge=1, le=MOST, description="Most items to suggest.")] = 5


class SuggestedItem(BaseModel):
    """An item that the text may mean."""

    item: Annotated[str, Field(examples=["elder_care.hair_cut"])]
    zh: str
    en: str
    category: str
    score: Annotated[float, Field(ge=0, le=1, description="For comparing within one answer; not a probability.")]
    words: Annotated[tuple[str, ...], Field(description="Of the text: what spoke for the item, the weightiest first.")]
    text: str
    messages: Messages


class Suggestions(BaseModel):
    """Items that a text may mean, the best first; none where nothing fits, which ``text`` then says."""

    items: tuple[SuggestedItem, ...]
    text: str
    messages: Messages


def of_text(found: tuple[Suggestion, ...], *, catalogue: Catalogue, language: Language) -> Suggestions:
    """Return suggestions in words."""
    items = tuple(_item(each, language=language) for each in found)
    whole = Messages(
        zh="可能是：" + "、".join(catalogue.items[each.item].zh for each in items) + "。",
        en="It may be: " + ", ".join(catalogue.items[each.item].en for each in items) + ".",
    )
    told = whole if items else _NONE
    return Suggestions(items=items, text=_in(told, language), messages=told)


def _item(found: Suggestion, *, language: Language) -> SuggestedItem:
    item = found.item
    told = Messages(
        zh="因为提到" + "、".join(f"“{word}”" for word in found.words) + "。",
        en="Because it says " + ", ".join(f"“{word}”" for word in found.words) + ".",
    )
    return SuggestedItem(
        item=item.item_id,
        zh=item.zh,
        en=item.en,
        category=item.category_id,
        score=found.score,
        words=found.words,
        text=_in(told, language),
        messages=told,
    )


def _in(messages: Messages, language: Language) -> str:
    return messages.zh if language == "zh" else messages.en
