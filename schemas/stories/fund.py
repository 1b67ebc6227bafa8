"""A love fund: money is set aside for a lift, used, entered wrongly once and reversed; what is left is free again."""

from typing import Final

from schemas.lives.fund import (
    FundAudited,
    FundClosed,
    FundEarmarked,
    FundGranted,
    FundOpened,
    FundReleased,
    FundReversed,
    FundUsed,
)
from schemas.stories.teller import CENTRE, HALL, STREET, Teller

_love = Teller("f-20261102-0001")

STORY: Final = (
    _love.tell(
        FundOpened, by=HALL, resource_id="r-20261102-0021", title="爱心基金", provider=CENTRE, earmark="帮扶困难老人",
        amount=5_000_000, special_account=True, document="长民2026-31",
    ),
    _love.tell(FundGranted, by=HALL, amount=1_000_000, document="长民2026-44"),
    _love.tell(
        FundEarmarked, by=HALL, amount=2_000_000, purpose="加装扶手", about="project:p-20261102-0001", document="纪要7",
    ),
    _love.tell(FundUsed, by=HALL, against=3, amount=1_200_000, purpose="材料", document="发票0031"),
    _love.tell(FundReversed, by=HALL, entry=4, reason="金额有误", document="更正0002"),
    _love.tell(FundUsed, by=HALL, against=3, amount=1_020_000, purpose="材料", document="发票0031"),
    _love.tell(FundReleased, by=HALL, against=3, document="纪要9"),
    _love.tell(FundAudited, by=STREET, finding="账实相符", document="审2026-5"),
    _love.tell(FundClosed, by=HALL, reason="年度结清"),
)  # fmt: skip
