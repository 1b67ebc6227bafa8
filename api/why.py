"""Reasons in plain sentences, Chinese and English, for an assignment and for each line of a demand.

Rivals are never named: a sentence tells counts and points, nobody's entry but the reader's own.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel

from api.language import Language
from api.odds import RemedyWords, worded
from api.places import shard_words
from api.problems import Messages
from api.readmodel.views import AssignmentView, AssignmentWhy, ClaimView
from schemas.catalogue import Catalogue
from schemas.demands import Demand
from schemas.regions import Regions
from schemas.rounds import TeamPart
from schemas.why import DemandWhy, LineWhy, ScarceClass, SeatsAway

_TERMS = {
    "service": Messages(zh="服务本身", en="the service itself"),
    "urgency": Messages(zh="紧急程度", en="urgency"),
    "waiting": Messages(zh="等待时间", en="waiting"),
    "nearness": Messages(zh="距离", en="nearness"),
    "fit": Messages(zh="项目吻合", en="fit of the item"),
    "claim": Messages(zh="认领", en="claimed by hand"),
    "load": Messages(zh="近来承接较多", en="much on its hands"),
    "regret": Messages(zh="此前落选", en="outbid before"),
}
_RULES = {
    "item": Messages(zh="项目不符", en="another item"),
    "scope": Messages(zh="不服务该地", en="place not served"),
    "gate": Messages(zh="缺少所需资质", en="qualification missing"),
    "beneficiary": Messages(zh="不面向这类对象", en="not for this group of people"),
    "fitness": Messages(zh="年龄或体能不符要求", en="age or fitness not as needed"),
    "cost": Messages(zh="费用超出上限", en="above the cost cap"),
    "admission": Messages(zh="不在准入名单", en="requester not admitted"),
    "seats": Messages(zh="名额已满", en="no seat left"),
    "barred": Messages(zh="此前谢绝或未答复", en="said no or did not answer before"),
    "window": Messages(zh="时间不合", en="no time then"),
    "notice": Messages(zh="来不及提前通知", en="too late a notice"),
    "worth": Messages(zh="距离或项目太不合适", en="too poor a fit"),
}
_CLAIMS = {
    "open": Messages(zh="认领已登记，下一轮给出结果。", en="The claim was taken; the next round decides."),
    "dropped": Messages(zh="认领已撤回。", en="The claim was taken back."),
    "honoured": Messages(zh="认领成功，已配成。", en="The claim was honoured: the pair was made."),
    "not_allowed": Messages(zh="不能认领：{rule}。", en="The claim was not allowed: {rule}."),
    "filled": Messages(zh="这一项需求的名额已满。", en="Every seat of the line is taken."),
    "gone": Messages(zh="需求或资源已不在清单上。", en="The demand or the resource is no longer on the list."),
    "claimed_before": Messages(zh="已有人先认领。", en="Somebody else claimed it before."),
    "incomplete": Messages(
        zh="同组的名额没有配齐，这一轮没有成组。", en="Its team could not be filled as a whole in that round."
    ),
    "outbid": Messages(zh="这一轮有更值得的配对。", en="Other pairs were worth more in that round."),
    "elsewhere": Messages(
        zh="这一项的空余名额已升级，由上级寻找。", en="The open seats of the line were escalated: another level looks."
    ),
}
_STATES = {
    "proposed": Messages(zh="已提出，等待答复", en="proposed, waiting for an answer"),
    "accepted": Messages(zh="已接受，等待确认", en="accepted, waiting to be confirmed"),
    "confirmed": Messages(zh="已确认", en="confirmed"),
    "fulfilled": Messages(zh="已完成", en="done"),
    "declined": Messages(zh="已谢绝", en="declined"),
    "expired": Messages(zh="过时未答复", en="not answered in time"),
    "revoked": Messages(zh="已撤销", en="revoked"),
}


NOTHING = Messages(zh="", en="")


class LineReason(BaseModel):
    """One line's reason in words, and what would have won."""

    line: int
    text: str
    messages: Messages
    remedies: tuple[RemedyWords, ...] = ()


class DemandReasons(BaseModel):
    """Why a demand stands where it stands: for machines, and in words."""

    why: DemandWhy
    text: str
    messages: Messages
    lines: tuple[LineReason, ...]
    claims: tuple["ClaimReasons", ...]


class ClaimReasons(BaseModel):
    """What became of a claim: for machines, and in words."""

    claim: ClaimView
    text: str
    messages: Messages


class AssignmentReasons(BaseModel):
    """Why a pair was made: for machines, and in words."""

    why: AssignmentWhy
    text: str
    messages: Messages


def of_assignment(why: AssignmentWhy, *, language: Language) -> AssignmentReasons:
    """Return the reasons of a pair with its sentence."""
    sentence = _pair(why)
    return AssignmentReasons(why=why, text=chosen(sentence, language), messages=sentence)


def of_demand(
    why: DemandWhy,
    demand: Demand,
    claims: Iterable[ClaimView] = (),
    *,
    catalogue: Catalogue,
    regions: Regions,
    language: Language,
) -> DemandReasons:
    """Return the reasons of a demand with a sentence per line, one for the whole, and one for each claim."""
    lines = [(line, _line(line, catalogue, regions, now=why.at)) for line in why.lines]
    whole = Messages(zh="".join(said.zh for _, said in lines), en=" ".join(said.en for _, said in lines))
    return DemandReasons(
        why=why,
        text=chosen(whole, language),
        messages=whole,
        lines=tuple(
            LineReason(
                line=line.line,
                text=chosen(said, language),
                messages=said,
                remedies=worded(line.remedies, demand, catalogue=catalogue, regions=regions, language=language),
            )
            for line, said in lines
        ),
        claims=tuple(of_claim(claim, language=language) for claim in claims),
    )


def of_claim(claim: ClaimView, *, language: Language) -> ClaimReasons:
    """Return what became of a claim with its sentence. Rivals are never named."""
    said = _CLAIMS[claim.state]
    if claim.rule is not None:
        rule = _RULES[claim.rule]
        said = Messages(zh=said.zh.format(rule=rule.zh), en=said.en.format(rule=rule.en))
    return ClaimReasons(claim=claim, text=chosen(said, language), messages=said)


def chosen(said: Messages, language: Language) -> str:
    """Return the sentence in one language."""
    return said.zh if language == "zh" else said.en


def _pair(why: AssignmentWhy) -> Messages:
    found = why.assignment
    ours, theirs = found.resource_title or found.resource_id, found.demand_title or found.demand_id
    zh = (
        f"第 {found.round_no} 轮（分片 {found.shard}）把“{ours}”配给“{theirs}”，共 {found.value:,} 分："
        f"{_parts(found.terms, 'zh')}。"
    )
    en = (
        f"Round {found.round_no} of shard {found.shard} gave “{ours}” to “{theirs}”, worth {found.value:,} points: "
        f"{_parts(found.terms, 'en')}."
    )
    proof, policy = _proof(why), why.policy
    state = _STATES[found.state]
    margin = _margin(found)
    return Messages(
        zh=f"{zh}{margin.zh}{proof.zh}所依策略：{policy.name} 第 {policy.version} 版。现状：{state.zh}。",
        en=f"{en} {margin.en}{proof.en}The policy was {policy.name}, version {policy.version}. It is {state.en} now.",
    )


def _margin(found: AssignmentView) -> Messages:
    if found.margin <= 0:
        return Messages(zh="与次优选择相当。", en="It was level with the next best choice. ")
    return Messages(
        zh=f"比次优选择高 {found.margin:,} 分。", en=f"It was {found.margin:,} points ahead of the next best choice. "
    )


def _proof(why: AssignmentWhy) -> Messages:
    if (part := why.team_part) is not None:
        return _of_part(part)
    if not why.certificate.holds:
        return Messages(zh="这一轮未能证明为最优。", en="This round could not be proven to be the best possible. ")
    return Messages(
        zh=f"这一轮经价格证明为最优：总分 {why.certificate.value:,} 等于全部价格之和。",
        en=f"Prices prove the round the best possible: its {why.certificate.value:,} points equal their sum. ",
    )


def _of_part(part: TeamPart) -> Messages:
    if part.certified:
        return Messages(
            zh=f"与组团相关的这一部分已证明为最优：共 {part.value:,} 分。",
            en=f"Its part of the round, which holds teams, is proven the best possible: {part.value:,} points. ",
        )
    return Messages(
        zh=f"与组团相关的这一部分是已知最好的：共 {part.value:,} 分，最多可能到 {part.bound:,} 分。",
        en=f"Its part of the round, which holds teams, is the best known: {part.value:,} points of {part.bound:,} at "
        "most. ",
    )


def _parts(terms: Mapping[str, int], language: Language) -> str:
    names = {name: chosen(_TERMS.get(name, Messages(zh=name, en=name)), language) for name in terms}
    parts = [f"{names[name]} {points:+,}" for name, points in sorted(terms.items(), key=lambda term: -abs(term[1]))]
    return _joined(parts, language)


def _line(line: LineWhy, catalogue: Catalogue, regions: Regions, *, now: datetime) -> Messages:
    item = catalogue.items.get(line.item)
    away = [_away(seats, regions, now=now) for seats in line.away]
    verdict = _verdict(line, catalogue, regions)
    seats = f"{line.filled}/{line.asked}"
    zh, en = "；".join(told.zh for told in away), "; ".join(told.en for told in away)
    return Messages(
        zh=f"“{item.zh if item else line.item}”（{seats}）：{zh}{'。' if zh else ''}{verdict.zh}",
        en=f"“{item.en if item else line.item}” ({seats}): {en}{': ' if en else ''}{verdict.en}",
    )


def _away(told: SeatsAway, regions: Regions, *, now: datetime) -> Messages:
    """Return at which level open seats are, for how long, and where a resource was asked for."""
    level, waited = shard_words(regions, told.level), _lasting(now - told.since)
    zh = f"{told.seats} 个名额在{level.zh}，已等{waited.zh}"
    en = f"{told.seats} {'seat' if told.seats == 1 else 'seats'} with {level.en} for {waited.en}"
    if told.shard == told.level:
        return Messages(zh=zh, en=en)
    home = shard_words(regions, told.shard)
    return Messages(zh=f"{zh}，已请{home.zh}预留一份资源", en=f"{en}, and {home.en} was asked to hold a resource")


def _lasting(waited: timedelta) -> Messages:
    """Return a stretch of time by its largest unit."""
    minutes = max(int(waited.total_seconds()) // 60, 0)
    if not minutes:
        return Messages(zh="不到一分钟", en="under a minute")
    count, zh, en = (
        (minutes // 1440, "天", "d")
        if minutes >= 2 * 1440
        else (minutes // 60, "小时", "h")
        if minutes >= 60
        else (minutes, "分钟", "min")
    )
    return Messages(zh=f" {count} {zh}", en=f"{count} {en}")


def _verdict(  # noqa: PLR0911 - one sentence for each verdict
    line: LineWhy, catalogue: Catalogue, regions: Regions
) -> Messages:
    match line.verdict:
        case "matched":
            return Messages(zh="名额都已配上。", en="every seat is filled.")
        case "met":
            return Messages(
                zh="组团已开展服务，余下名额不再匹配。",
                en="its team has met; what is left of its seats is not filled again.",
            )
        case "withdrawn":
            return Messages(zh="需求已撤回。", en="the demand was withdrawn.")
        case "lapsed":
            return Messages(zh="已过截止时间，空余名额失效。", en="the deadline has passed; open seats have lapsed.")
        case "next_round":
            return Messages(zh="下一轮将尝试匹配。", en="the next round will try.")
        case "elsewhere":
            return Messages(zh="那里的下一轮将尝试匹配。", en="the next round there will try.")
        case "asked":
            return Messages(zh="那里的下一轮给出答复。", en="the next round there answers.")
        case "outbid":
            return _outbid(line, catalogue, regions)
        case "incomplete":
            return _incomplete(line)
        case _:
            return _no_candidate(line)


def _outbid(line: LineWhy, catalogue: Catalogue, regions: Regions) -> Messages:
    zh = f"有 {line.eligible} 项资源符合条件，但这一轮给了更需要的需求"
    en = f"{line.eligible} resources would do, but this round gave them to more pressing demands"
    if line.short_by is None:
        return Messages(zh=zh, en=en)
    scarce = _scarce(line.scarce, catalogue, regions)
    return Messages(
        zh=f"{zh}；还差 {line.short_by:,} 分，提高紧急程度或继续等待会加分。{scarce.zh}",
        en=f"{en}; {line.short_by:,} points were missing. Greater urgency or more waiting adds points.{scarce.en}",
    )


def _scarce(found: ScarceClass | None, catalogue: Catalogue, regions: Regions) -> Messages:
    if found is None:
        return NOTHING
    item = catalogue.items.get(found.item)
    street = found.street and regions.name(found.street)
    where = Messages(zh=f"（{street}）", en=f" in {street}") if street else NOTHING
    return Messages(
        zh=f"最紧缺的是“{item.zh if item else found.item}”{where.zh}。",
        en=f" What is scarce is “{item.en if item else found.item}”{where.en}.",
    )


def _incomplete(line: LineWhy) -> Messages:
    return Messages(
        zh=f"名额须一次凑齐、同时开始，目前同一时间最多能凑到 {line.at_best} 个；组团的其他名额也要凑齐。",
        en=f"all seats of the team are needed at once; at any one start at most {line.at_best} of these could be had, "
        "and the others of its team must be had too.",
    )


def _no_candidate(line: LineWhy) -> Messages:
    if not line.considered and line.shard:
        return Messages(
            zh="那里还没有哪个区向外提供这一类资源。", en="no district there offers one of this category to others yet."
        )
    if not line.considered:
        return Messages(zh="清单上还没有这一类的资源。", en="the list has no resource of this category yet.")
    return Messages(
        zh=f"同类资源 {line.considered} 项，都不符合：{_failing(line, 'zh')}。",
        en=f"{line.considered} resources of the category, none of which will do ({_failing(line, 'en')}).",
    )


def _failing(line: LineWhy, language: Language) -> str:
    counts = sorted(line.failing.items(), key=lambda failed: -failed[1])
    if language == "zh":
        return _joined((f"{count} 项{_RULES[rule].zh}" for rule, count in counts), language)
    return _joined((f"{_RULES[rule].en}: {count}" for rule, count in counts), language)


def _joined(parts: Iterable[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(parts)
