"""Posts 岗位, set by need 按需设岗: a community says what is to be done and by how many, and members claim it.

1. A post has as many places as its head-count, and never more members. Who claims the last one fills it.
2. A member who leaves makes room again; who is enrolled no more has left.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from schemas.base import Detail, Grid, ItemId, Moment, PartyRef, Qualification, Reason, Title
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused

Member = Annotated[str, Field(pattern=r"^member:[A-Za-z0-9_-]{1,60}$")]


class PostOpened(Step):
    """A community needs people for something that stays to be done."""

    title: Title
    detail: Detail = ""
    items: Annotated[tuple[ItemId, ...], Field(max_length=20)] = ()
    qualifications: Annotated[tuple[Qualification, ...], Field(max_length=20)] = ()
    head_count: Annotated[int, Field(ge=1, le=500)] = 1
    grid: Grid | None = None
    due: Moment | None = None


class PostClaimed(Step):
    """A member takes a place."""

    member: Member


class PostFilled(Step):
    """Its last place is taken."""


class PostLeft(Step):
    """A member gives a place back."""

    member: Member
    reason: Reason | None = None


class PostClosed(Step):
    """It is needed no more."""

    reason: Reason | None = None


class Post(Life):
    """A post as it stands; ``members`` hold its places, in the order in which they claimed them."""

    detail: Detail = ""
    items: tuple[ItemId, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    head_count: int = 1
    grid: Grid | None = None
    members: tuple[PartyRef, ...] = ()
    reason: Reason | None = None

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Whose post it is, and who holds it."""
        return (self.opened_by, f"community:{self.community}", *self.members)

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return len(self.members) >= self.head_count

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what changes; raise Refused where a place is not free, or not held."""
        match fact:
            case PostClaimed(member=member):
                if self.is_full or member in self.members:
                    raise Refused("already_held", member if member in self.members else "every place is taken")
                return {"members": (*self.members, member)}
            case PostLeft(member=member):
                if member not in self.members:
                    raise Refused("not_found", f"{member} has no place here")
                return {"members": tuple(other for other in self.members if other != member)}
            case PostFilled() if not self.is_full:
                raise Refused("not_possible_now", "there are places left")
        return super().after(fact)


_SETTERS: Final = ("community", "office")
_CLAIMERS: Final = ("member", "community", "office")

POST: Final = Lifecycle(
    kind="post",
    plural="posts",
    zh="岗位",
    en="post",
    record=Post,
    states={
        "open": State("招募中", "open"),
        "filled": State("已满员", "filled"),
        "closed": State("已撤岗", "closed", is_open=False),
    },
    moves=(
        Move("open", PostOpened, "设岗", (), "open", _SETTERS, en="open a post"),
        Move("claim", PostClaimed, "认领", ("open",), None, _CLAIMERS, whose=("member", PLACE)),
        Move("fill", PostFilled, "满员", ("open",), "filled", _SETTERS, by_hand=False),
        Move("leave", PostLeft, "退出", ("open", "filled"), "open", _CLAIMERS, whose=("member", PLACE)),
        Move("close", PostClosed, "撤岗", ("open", "filled"), "closed", _SETTERS),
    ),
    refuses=("not_enrolled", "not_qualified", "unknown_item"),
)
