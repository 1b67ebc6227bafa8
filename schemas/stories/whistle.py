"""A street whistles for a burst pipe: one unit is late, the district is called; a second whistle turns out needless."""

from typing import Final

from schemas.lives.whistle import (
    WhistleAnswered,
    WhistleArrived,
    WhistleBlown,
    WhistleCalled,
    WhistleCancelled,
    WhistleClosed,
    WhistleEscalated,
    WhistleHandled,
    WhistleNoted,
    WhistleScored,
)
from schemas.stories.teller import CENTRE, DISTRICT, STREET, Teller

_WATER: Final = "unit:91310105MA1FW0008T"

_pipe = Teller("w-20261102-0001")
_noise = Teller("w-20261102-0002")

STORY: Final = (
    _pipe.tell(
        WhistleBlown, by=STREET, title="水管爆裂，楼道积水", about="d-20261102-0001",
        called=[{"party": _WATER, "minutes": 30}],
    ),
    _pipe.tell(WhistleAnswered, by=_WATER, answer="抢修队已出发"),
    _pipe.tell(WhistleEscalated, by=STREET, to=DISTRICT, minutes=2 * 24 * 60),
    _pipe.tell(WhistleArrived, by=DISTRICT),
    _pipe.tell(WhistleCalled, by=STREET, party=CENTRE, minutes=120),
    _pipe.tell(WhistleArrived, by=_WATER, on=3),
    _pipe.tell(WhistleNoted, by=STREET, note="先关总阀，再换管。", on=3),
    _pipe.tell(WhistleHandled, by=STREET, outcome="已换管，积水已清。", on=4),
    _pipe.tell(WhistleScored, by=STREET, party=_WATER, score=3, remark="到得晚，做得好", on=4),
    _pipe.tell(WhistleScored, by=STREET, party=DISTRICT, score=5, on=4),
    _pipe.tell(WhistleScored, by=STREET, party=CENTRE, score=2, on=4),
    _pipe.tell(WhistleClosed, by=STREET),
    _noise.tell(WhistleBlown, by=STREET, title="夜间施工扰民", called=[{"party": CENTRE}]),
    _noise.tell(WhistleCancelled, by=STREET, reason="已经停工"),
)  # fmt: skip
