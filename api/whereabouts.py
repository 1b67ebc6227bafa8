"""Why a demand stands where it stands when seats of it were escalated: each line as the shard says that looks for help.

1. Its own shard answers for the demand, and for lines of which it has an open seat itself.
2. A line whose open seats all are with other levels is told by the level that has most of them.
3. What is filled and what is over, the lists know: a round sees only the seats that sit in its shard.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Literal

from api.ports import Explainer
from api.readmodel.views import DemandDetail, LineView, SeatView
from schemas.refusals import Refused
from schemas.why import DemandWhy, LineWhy, SeatsAway


async def why_demand(explainer: Explainer, detail: DemandDetail, *, home: str) -> DemandWhy:
    """Return the reasons of a demand; ``home`` is the shard of its own list.

    Raises:
        Refused: ``unavailable``, where a shard's state cannot be had.
    """
    demand_id = detail.view.demand.demand_id
    told = await _asked(explainer, demand_id, shard=home) or closed(detail, shard=home)
    if not detail.whereabouts:
        return told
    away = _away(detail)
    levels = {_looking(seats) for seats in away.values()}
    above = {level: await _asked(explainer, demand_id, shard=level) for level in sorted(levels - {home})}
    lines = (
        _line(line, detail, detail.lines[line.line], away.get(line.line, []), above)
        for line in told.lines
        if line.line < len(detail.lines)
    )
    return told.model_copy(update={"lines": tuple(lines)})


def closed(detail: DemandDetail, *, shard: str) -> DemandWhy:
    """Return the reasons of a demand that no shard holds open: it is done, over, or not yet in a round."""
    newest = max((found.round_no for found in detail.assignments), default=0)
    lines = [
        LineWhy(
            line=line.line,
            item=line.item,
            asked=line.quantity,
            filled=line.filled,
            verdict="matched" if line.filled >= line.quantity else _over(detail) or "next_round",
            considered=0,
            failing={},
            eligible=0,
        )
        for line in detail.lines
    ]
    demand_id = detail.view.demand.demand_id
    return DemandWhy(demand_id=demand_id, shard=shard, round_no=newest, at=detail.view.changed_at, lines=tuple(lines))


async def _asked(explainer: Explainer, demand_id: str, *, shard: str) -> DemandWhy | None:
    try:
        return await explainer.why_demand(demand_id=demand_id, shard=shard)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        return None


def _away(detail: DemandDetail) -> dict[int, list[SeatView]]:
    """Return the open seats that are with other levels, by line."""
    found: dict[int, list[SeatView]] = defaultdict(list)
    for seat in detail.whereabouts:
        if seat.away and seat.state in ("waiting", "held"):
            found[seat.line].append(seat)
    return found


def _looking(seats: list[SeatView]) -> str:
    """Return the level that has most of these seats, of equals the higher one: it has the shorter name, or letters."""
    count = Counter(seat.level for seat in seats)
    return min(count, key=lambda level: (-count[level], level.isdigit(), len(level), level))


def _line(
    told: LineWhy,
    detail: DemandDetail,
    line: LineView,
    away: list[SeatView],
    above: Mapping[str, DemandWhy | None],
) -> LineWhy:
    if all(seat.line != line.line for seat in detail.whereabouts):
        return told
    facts: dict[str, object] = {"asked": line.quantity, "filled": line.filled, "away": _sits(away)}
    open_ = line.quantity - line.filled
    if not away:
        verdict = "matched" if open_ <= 0 else (told.verdict == "elsewhere" and _over(detail)) or told.verdict
        return told.model_copy(update=facts | {"verdict": verdict})
    if open_ > len(away) and told.verdict != "elsewhere":
        return told.model_copy(update=facts)
    level = _looking(away)
    answer = above.get(level)
    there = next((one for one in answer.lines if one.line == line.line), None) if answer else None
    if all(seat.state == "held" for seat in away):
        return (there or told).model_copy(update=facts | {"shard": level, "verdict": "asked", "remedies": ()})
    if there is None or there.verdict in ("elsewhere", "matched"):
        return told.model_copy(update=facts | {"shard": level, "verdict": "elsewhere"})
    return there.model_copy(update=facts | {"shard": level})


def _over(detail: DemandDetail) -> Literal["withdrawn", "lapsed"] | None:
    match detail.view.state:
        case "withdrawn" | "lapsed" as state:
            return state
        case _:
            return None


def _sits(seats: list[SeatView]) -> tuple[SeatsAway, ...]:
    found: dict[tuple[str, str], list[SeatView]] = defaultdict(list)
    for seat in seats:
        found[seat.shard, seat.level].append(seat)
    return tuple(
        SeatsAway(shard=shard, level=level, seats=len(own), since=min(seat.since for seat in own))
        for (shard, level), own in sorted(found.items())
    )
