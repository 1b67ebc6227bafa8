"""Why of demands that were escalated: each line as told by whoever looks for help, and by nobody as filled."""

from datetime import timedelta
from typing import Any, cast

import pytest

from api import why
from api.ports import Explainer
from api.readmodel.views import DemandDetail, DemandView, LineView, SeatView
from api.whereabouts import why_demand
from schemas.catalogue import load_catalogue
from schemas.demands import Demand
from schemas.refusals import Refused
from schemas.regions import Regions
from schemas.why import DemandWhy, LineWhy
from tests.apiworld import NOW, demand

HOME, CITY, DELTA, NEXT = "310105", "3101", "delta", "310106"
ITEM = "elder_care.hair_cut"


def line_why(**changes: Any) -> LineWhy:
    fields = {"line": 0, "item": ITEM, "asked": 2, "filled": 0, "verdict": "elsewhere", "considered": 0, "failing": {}}
    return LineWhy.model_validate(fields | {"eligible": 0} | changes)


class FakeExplainer:
    """Says of each shard what it was told; asks of others are not found."""

    def __init__(self, **lines: tuple[LineWhy, ...]) -> None:
        self.lines = {name.removeprefix("s"): told for name, told in lines.items()}
        self.asked: list[str] = []

    async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
        self.asked.append(shard)
        if shard not in self.lines:
            raise Refused("not_found", demand_id)
        return DemandWhy(demand_id=demand_id, shard=shard, round_no=3, at=NOW, lines=self.lines[shard])


def seat(number: int, level: str, *, line: int = 0, shard: str | None = None, state: Any = None) -> SeatView:
    here = shard or level
    state = state or ("waiting" if here == level else "held")
    return SeatView(
        line=line,
        seat=number,
        shard=here,
        level=level,
        away=level != HOME,
        since=NOW - timedelta(hours=3),
        state=state,
    )


def detail(*seats: SeatView, filled: tuple[int, ...] = (0,), state: Any = "open") -> DemandDetail:
    posted = Demand.model_validate(demand() | {"demand_id": "d-1", "posted_at": NOW})
    lines = tuple(
        LineView(
            line=number,
            item=ITEM,
            category="elder_care",
            quantity=2,
            siblings=True,
            together=False,
            filled=count,
            fulfilled=0,
        )
        for number, count in enumerate(filled)
    )
    view = DemandView(
        demand=posted,
        version=1,
        state=state,
        reason=None,
        categories=("elder_care",),
        asked=2 * len(lines),
        filled=sum(filled),
        fulfilled=0,
        open_seats=2 * len(lines) - sum(filled),
        sits_in=(),
        changed_at=NOW,
    )
    return DemandDetail(view=view, lines=lines, assignments=(), way=(), whereabouts=seats)


async def told(explainer: FakeExplainer, found: DemandDetail) -> DemandWhy:
    return await why_demand(cast(Explainer, explainer), found, home=HOME)


async def test_a_demand_that_never_left_is_its_own_shards_alone() -> None:
    explainer = FakeExplainer(s310105=(line_why(verdict="outbid", filled=1),))
    found = await told(explainer, detail())
    assert explainer.asked == [HOME]
    assert found.lines == explainer.lines[HOME]


async def test_the_level_that_has_the_seats_tells_why() -> None:
    explainer = FakeExplainer(s310105=(line_why(),), s3101=(line_why(verdict="no_candidate", considered=4),))
    [line] = (await told(explainer, detail(seat(0, CITY), seat(1, CITY)))).lines
    assert (line.verdict, line.considered, line.shard, line.filled) == ("no_candidate", 4, CITY, 0)
    assert [(away.shard, away.level, away.seats) for away in line.away] == [(CITY, CITY, 2)]


async def test_an_open_seat_at_home_is_told_at_home_beside_where_the_others_are() -> None:
    explainer = FakeExplainer(s310105=(line_why(verdict="outbid"),), s3101=(line_why(verdict="no_candidate"),))
    [line] = (await told(explainer, detail(seat(0, CITY)))).lines
    assert (line.verdict, line.shard) == ("outbid", None)
    assert [away.seats for away in line.away] == [1]


@pytest.mark.parametrize(("levels", "who"), [((CITY, DELTA), DELTA), ((CITY, CITY, DELTA), CITY)])
async def test_of_two_levels_the_one_with_more_seats_tells_of_equals_the_higher(
    levels: tuple[str, ...], who: str
) -> None:
    answers = {f"s{level}": (line_why(verdict="outbid"),) for level in (CITY, DELTA)}
    seats = [seat(number, level) for number, level in enumerate(levels)]
    [line] = (await told(FakeExplainer(s310105=(line_why(),), **answers), detail(*seats))).lines
    assert line.shard == who


async def test_a_level_that_has_not_read_it_yet_will_look_at_it() -> None:
    [line] = (await told(FakeExplainer(s310105=(line_why(),)), detail(seat(0, CITY), seat(1, CITY)))).lines
    assert (line.verdict, line.shard) == ("elsewhere", CITY)


async def test_a_seat_that_a_resource_was_asked_for_waits_for_that_answer() -> None:
    explainer = FakeExplainer(s310105=(line_why(),), s3101=(line_why(verdict="matched", filled=2),))
    [line] = (await told(explainer, detail(seat(0, CITY, shard=NEXT), seat(1, CITY, shard=NEXT)))).lines
    assert (line.verdict, line.filled) == ("asked", 0)
    assert [(away.shard, away.level) for away in line.away] == [(NEXT, CITY)]


async def test_what_was_served_from_afar_is_matched_not_elsewhere() -> None:
    seats = [seat(number, CITY, shard=NEXT, state="served") for number in range(2)]
    [line] = (await told(FakeExplainer(s310105=(line_why(),)), detail(*seats, filled=(2,)))).lines
    assert (line.verdict, line.filled, line.away) == ("matched", 2, ())


@pytest.mark.parametrize("state", ["withdrawn", "lapsed"])
async def test_what_is_over_is_over_also_above(state: str) -> None:
    seats = [seat(number, CITY, state="gone") for number in range(2)]
    [line] = (await told(FakeExplainer(s310105=(line_why(),)), detail(*seats, state=state))).lines
    assert line.verdict == state
    [line] = (await told(FakeExplainer(), detail(*seats, state=state))).lines
    assert line.verdict == state


async def test_a_seat_that_came_home_is_told_at_home() -> None:
    explainer = FakeExplainer(s310105=(line_why(verdict="outbid"),))
    [line] = (await told(explainer, detail(seat(0, HOME)))).lines
    assert (line.verdict, line.away, explainer.asked) == ("outbid", (), [HOME])


async def test_each_line_is_told_by_its_own_level() -> None:
    lines = (line_why(verdict="outbid"), line_why(line=1))
    explainer = FakeExplainer(s310105=lines, s3101=(line_why(), line_why(line=1, verdict="no_candidate")))
    first, second = (await told(explainer, detail(seat(0, CITY, line=1), seat(1, CITY, line=1), filled=(0, 0)))).lines
    assert (first.verdict, first.shard, first.away) == ("outbid", None, ())
    assert (second.verdict, second.shard) == ("no_candidate", CITY)


async def test_a_level_that_cannot_be_asked_is_said_to_be_unavailable() -> None:
    class AwayExplainer(FakeExplainer):
        async def why_demand(self, *, demand_id: str, shard: str) -> DemandWhy:
            if shard == CITY:
                raise Refused("unavailable", shard)
            return await super().why_demand(demand_id=demand_id, shard=shard)

    with pytest.raises(Refused, match="unavailable"):
        await told(AwayExplainer(s310105=(line_why(),)), detail(seat(0, CITY), seat(1, CITY)))


@pytest.mark.parametrize(
    ("shard", "level", "zh", "en"),
    [
        (CITY, CITY, "1 个名额在上海市，已等 3 小时。", "1 seat with the city 上海市 for 3 h: "),
        (DELTA, DELTA, "1 个名额在毗邻联盟 delta，已等 3 小时。", "1 seat with the alliance delta for 3 h: "),
        (
            NEXT,
            CITY,
            "1 个名额在上海市，已等 3 小时，已请静安区预留一份资源。",
            "1 seat with the city 上海市 for 3 h, and the district 静安区 was asked to hold a resource: ",
        ),
    ],
)
async def test_words_say_where_the_seat_is_for_how_long_and_who_was_asked(
    shard: str, level: str, zh: str, en: str
) -> None:
    explainer = FakeExplainer(s310105=(line_why(filled=1),))
    found = detail(seat(1, level, shard=shard), filled=(1,))
    catalogue, regions = load_catalogue(), Regions.builtin("cn")
    reasons = await told(explainer, found)
    said = why.of_demand(reasons, found.view.demand, catalogue=catalogue, regions=regions, language="en").messages
    assert said.zh.startswith(f"“上门理发”（1/2）：{zh}")
    assert said.en.startswith(f"“home haircut” (1/2): {en}")
