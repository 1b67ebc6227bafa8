"""What notices say, in Chinese and English: one sentence each, with place and time as the reader has them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from api.language import Language
from api.notices.wishes import Wishes
from api.places import place
from api.problems import Messages
from schemas.lives import BY_KIND
from schemas.regions import Regions

_SENTENCES: Final = {
    "to_answer": Messages(
        zh="请答复：{place}需要“{demand}”，时间 {start}。您的“{resource}”合适吗？"
        "请于 {answer_by} 前答复；谢绝没有任何影响。",
        en="Please answer: {place} asks for “{demand}”, {start}. Would your “{resource}” do? Answer by {answer_by}; "
        "a no costs nothing.",
    ),
    "answer_due": Messages(
        zh="提醒：{place}的“{demand}”（{start}）等您在 {answer_by} 前答复。",
        en="A reminder: {place}'s “{demand}” ({start}) waits for your answer until {answer_by}.",
    ),
    "confirmed": Messages(
        zh="已确认：{place}的“{demand}”由“{resource}”承接，时间 {start}。",
        en="Confirmed: “{resource}” for {place}'s “{demand}”, {start}.",
    ),
    "revoked": Messages(
        zh="已取消：{place}的“{demand}”（{start}）与“{resource}”的匹配。",
        en="Called off: “{resource}” for {place}'s “{demand}”, {start}.",
    ),
    "expired": Messages(
        zh="已过期：{place}的“{demand}”（{start}）没有等到答复，已另行安排。",
        en="Expired: {place}'s “{demand}” ({start}) had no answer in time and is matched anew.",
    ),
    "step": Messages(
        zh="{life}“{title}”：{action}，现为“{state}”{due}。",
        en="{life} “{title}”: {action}; now {state}{due}.",
    ),
}
_UNTITLED: Final = Messages(zh="（未公开标题）", en="(no title)")
_SUBJECTS: Final = {
    "to_answer": Messages(zh="请答复：{title}", en="Please answer: {title}"),
    "answer_due": Messages(zh="等您答复：{title}", en="Waiting for your answer: {title}"),
    "confirmed": Messages(zh="已确认：{title}", en="Confirmed: {title}"),
    "revoked": Messages(zh="已取消：{title}", en="Called off: {title}"),
    "expired": Messages(zh="已过期：{title}", en="Expired: {title}"),
    "step": Messages(zh="进展：{title}", en="News of: {title}"),
}
_DUE: Final = Messages(zh="，期限 {due}", en=", due {due}")
_DIGEST: Final = Messages(zh="共建简报：{count} 条消息", en="Cobuild digest: {count} notices")


def sentence(kind: str, facts: Mapping[str, Any], *, wishes: Wishes, regions: Regions) -> str:
    """Return what a notice says."""
    said = _in(_SENTENCES[kind], wishes.language)
    if kind == "step":
        return said.format(**_of_life(facts, wishes))
    words = {
        "place": place(regions, facts["community"]),
        "demand": facts["demand_title"] or _in(_UNTITLED, wishes.language),
        "resource": facts["resource_title"] or _in(_UNTITLED, wishes.language),
        "start": _clock(facts["starts_at"], wishes),
        "answer_by": _clock(facts["answer_by"], wishes),
    }
    return said.format(**words)


def subject(kind: str, facts: Mapping[str, Any], *, language: Language) -> str:
    """Return the subject of a notice that goes alone."""
    title = facts["title"] if kind == "step" else facts["demand_title"]
    return _in(_SUBJECTS[kind], language).format(title=title or _in(_UNTITLED, language))


def digest_subject(count: int, *, language: Language) -> str:
    """Return the subject of a digest."""
    return _in(_DIGEST, language).format(count=count)


def page_of(kind: str, facts: Mapping[str, Any]) -> str:
    """Return the address, below the console's, of the page that shows what a notice is about."""
    if kind != "step":
        return "?" + urlencode({"assignment": facts["assignment_id"]})
    life = f"{facts['kind']}/{facts['id']}"
    return "?" + urlencode({"page": "affairs", "kind": facts["kind"], "life": life}, safe="/:")


def _of_life(facts: Mapping[str, Any], wishes: Wishes) -> dict[str, str]:
    language, due_at = wishes.language, facts.get("due_at")
    lifecycle = BY_KIND[facts["kind"]]
    state, move = lifecycle.states[facts["after"]], lifecycle.move(facts["action"])
    in_chinese = language == "zh"
    return {
        "life": lifecycle.zh if in_chinese else lifecycle.en.capitalize(),
        "title": facts["title"],
        "action": move.zh if in_chinese else move.said_en,
        "state": state.zh if in_chinese else state.en,
        "due": _in(_DUE, language).format(due=_clock(due_at, wishes)) if due_at else "",
    }


def _clock(moment: str | None, wishes: Wishes) -> str:
    """Return an instant as the reader's clock and calendar show it; nothing where there is none."""
    if moment is None:
        return "–"
    local = wishes.local(datetime.fromisoformat(moment))
    if wishes.language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def _in(messages: Messages, language: Language) -> str:
    return messages.zh if language == "zh" else messages.en
