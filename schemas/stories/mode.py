"""A typhoon: the district declares an emergency, extends it, and lifts it."""

from typing import Final

from schemas.lives.mode import ModeDeclared, ModeExtended, ModeLifted
from schemas.stories.teller import DISTRICT, Teller, day

_typhoon = Teller("m-20261102-0001", community="310105000000")

STORY: Final = (
    _typhoon.tell(ModeDeclared, by=DISTRICT, reason="台风橙色预警", due=day(3)),
    _typhoon.tell(ModeExtended, by=DISTRICT, due=day(5), reason="积水未退"),
    _typhoon.tell(ModeLifted, by=DISTRICT, reason="预警解除"),
)
