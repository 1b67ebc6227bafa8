"""A unit's part-time committee member serves a second term and is called away; a liaison's term runs out."""

from typing import Final

from schemas.lives.role import RoleAppointed, RoleEnded, RoleLapsed, RoleRenewed
from schemas.stories.teller import CENTRE, MEMBER, Teller, day

_committee = Teller("r-20261102-0101")
_liaison = Teller("r-20261102-0102")

STORY: Final = (
    _committee.tell(RoleAppointed, unit=CENTRE, role="part_time_committee", holder=MEMBER, due=day(365)),
    _committee.tell(RoleRenewed, on=360, due=day(730)),
    _committee.tell(RoleEnded, by=CENTRE, on=400, reason="工作调动"),
    _liaison.tell(RoleAppointed, unit=CENTRE, role="liaison", due=day(180)),
    _liaison.tell(RoleLapsed, on=181),
)  # fmt: skip
