"""In a typhoon the district calls up people to look after who lives alone; a second call turns out not to be needed."""

from typing import Any, Final

from schemas.lives.dispatch import DispatchCalled, DispatchFinished, DispatchStoodDown
from schemas.stories.teller import COMMUNITY, DISTRICT, Teller, day

_visits = Teller("d-20261102-0901", community="310105000000")
_again = Teller("d-20261102-0902", community="310105000000")
_SAID: Final[dict[str, Any]] = {
    "item": "elder_care.home_visit", "quantity": 20, "communities": (COMMUNITY, "310105001002"),
    "window": {"start": day(1, 8), "end": day(1, 20)}, "duration_minutes": 120,
}  # fmt: skip

STORY: Final = (
    _visits.tell(DispatchCalled, by=DISTRICT, title="台风期间走访独居老人", **_SAID),
    _visits.tell(DispatchFinished, by=DISTRICT, outcome="全部走访完毕。"),
    _again.tell(DispatchCalled, by=DISTRICT, title="第二轮走访", **_SAID),
    _again.tell(DispatchStoodDown, by=DISTRICT, reason="台风转向"),
)
