"""A community looks for two who cut hair at home; one gives the place back, and in the end it is needed no more."""

from typing import Final

from schemas.lives.post import PostClaimed, PostClosed, PostFilled, PostLeft, PostOpened
from schemas.stories.teller import MEMBER, Teller, day

_hair = Teller("p-20261101-0001")
_OTHER: Final = "member:m-91c2"

STORY: Final = (
    _hair.tell(
        PostOpened, title="为老理发岗", items=("elder_care.hair_cut",), qualifications=("vetted_home_visit",),
        head_count=2, grid="G03", due=day(90),
    ),
    _hair.tell(PostClaimed, by=MEMBER, member=MEMBER),
    _hair.tell(PostClaimed, by=_OTHER, member=_OTHER),
    _hair.tell(PostFilled),
    _hair.tell(PostLeft, by=_OTHER, member=_OTHER, reason="调换班次"),
    _hair.tell(PostClosed, reason="已由社区食堂一并承担"),
)  # fmt: skip
