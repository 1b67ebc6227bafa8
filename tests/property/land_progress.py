"""Who is left waiting in a land at rest, by brute force: nobody for whom a free helper of the levels above would do."""

from collections import Counter
from datetime import datetime, timedelta

from schemas.demands import Demand, Urgency
from schemas.resources import Resource
from schemas.sharding import shard_of
from tests.property.land_life import ALLIANCE, DISTRICTS, LandLife
from tests.property.rules import is_free

LATER = timedelta(minutes=150)
"""By then every pause is over, and every demand may visit the level above once more."""
LOUD = (Urgency.WHISTLE, Urgency.EMERGENCY)


def hold_progress(life: LandLife) -> None:
    """Let pauses end, settle, and look at every open seat of every demand that has time left; teams stay at home."""
    life.now += LATER
    life.settle()
    taken = {(each.demand_id, each.line, each.seat) for _, each in life.live.values()} | life.filled
    for name, asked in sorted(life.demands.items()):
        home = shard_of(asked.community)
        if name in life.gone or asked.lapses_at <= life.moment(home) or asked.bundle:
            continue
        for number, line in enumerate(asked.lines):
            places = [(name, number, seat) for seat in range(line.quantity)]
            open_ = Counter(life.whereabouts(*place)[0] for place in places if place not in taken)
            short = line.quantity - sum(place[:2] == (name, number) for place in taken) - open_.total() + open_[home]
            if not line.together:
                assert short <= 0 or not _is_due(life, asked), f"{name} waits in {home}, though it may go up"
                for shard in sorted(open_.keys() - {*DISTRICTS}):
                    _judge(life, asked, number, shard)


def _judge(life: LandLife, asked: Demand, number: int, shard: str) -> None:
    """Hold a line that waits in a shard above against every offer that this shard was shown."""
    below = [district for district in DISTRICTS if shard == ALLIANCE.name or district.startswith(shard)]
    for name, offer in sorted(life.resources.items()):
        home = shard_of(offer.home)
        wide = home in below and any(not area.startswith(home) for area in offer.scope)
        if wide and name not in life.gone | life.resting:
            assert not _would_do(life, asked, number, offer), f"{asked.demand_id} waits in {shard}, and {name} is free"


def _is_due(life: LandLife, asked: Demand) -> bool:
    """Whether a demand may go up from its district, and has not just done so."""
    rules, age = life.land.policy.escalation, life.now - asked.posted_at
    loud = rules.whistle and life.urgency(asked.demand_id) in LOUD
    late = rules.district_hours > 0 and age >= timedelta(hours=rules.district_hours)
    left = life.left.get((asked.demand_id, shard_of(asked.community)))
    return (loud or late) and (left is None or left + timedelta(minutes=rules.again_minutes) <= life.now)


def _would_do(life: LandLife, asked: Demand, number: int, offer: Resource) -> bool:
    line = asked.lines[number]
    kin = line.siblings and line.item.partition(".")[0] == offer.item.partition(".")[0]
    fits = (offer.item == line.item or kin) and any(asked.community.startswith(area) for area in offer.scope)
    rests = life.rests.get((asked.demand_id, offer.resource_id), life.now) > life.now
    return fits and not rests and _has_seat(life, offer) and _has_time(asked, offer, life.now)


def _has_seat(life: LandLife, offer: Resource) -> bool:
    """Whether a seat is free; of what serves per occasion, and of people, whether there is no job at all."""
    if life.land.policy.rules.one_place and offer.provider.startswith("member:"):
        return not any(each.provider == offer.provider for _, each in life.live.values()) and _seats(life, offer) > 0
    return _seats(life, offer) > 0


def _seats(life: LandLife, offer: Resource) -> int:
    held = [each for _, each in life.live.values() if each.resource_id == offer.resource_id]
    if offer.per_occasion:
        return 0 if held or life.spent[offer.resource_id] else 1
    return offer.capacity - len(held) - len(life.spent[offer.resource_id])


def _has_time(asked: Demand, offer: Resource, now: datetime) -> bool:
    length, soonest = timedelta(minutes=asked.duration_minutes), now + timedelta(minutes=offer.notice_minutes + 1)
    starts = [max(asked.window.start, soonest), *(window.start for window in offer.hours() or ())]
    return any(
        start >= max(asked.window.start, soonest)
        and start + length <= asked.window.end
        and is_free(offer, start, start + length)
        for start in starts
    )
