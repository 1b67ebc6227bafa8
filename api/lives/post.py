"""Posts beside enrolments: who is enrolled in the community may claim one, and an enrolment tells of its post."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from api.checks import Checks
from api.living import Entailed, Practice
from api.readmodel.queries.lives import get_life
from api.readmodel.queries.parties import get_member
from api.readmodel.views import MemberView
from schemas.lives.enrolment import Enrolment, EnrolmentPosted, EnrolmentRelieved, first_step
from schemas.lives.post import Post, PostClaimed, PostClosed, PostFilled, PostLeft, PostOpened
from schemas.refusals import Refused


def _check(checks: Checks, _: Post, fact: PostOpened) -> None:
    checks.step(fact, now=fact.at)


def _may_claim(connection: Connection, post: Post, fact: PostClaimed) -> None:
    there = _enrolments(connection, fact.member, community=post.community)
    if not there:
        raise Refused("not_enrolled", f"{fact.member} in {post.community}", field="#/member")
    lacks = set(post.qualifications).difference(*(view.enrolment.qualifications for view in there))
    if lacks:
        raise Refused("not_qualified", ", ".join(sorted(lacks)), field="#/member")


def _claimed(connection: Connection, post: Post, fact: PostClaimed) -> Sequence[Entailed]:
    return [*_filled(post, fact), *_tell_of_post(connection, post, fact)]


def _filled(post: Post, fact: PostClaimed) -> Iterator[Entailed]:
    if post.state == "open" and post.is_full and post.step == fact.step:
        said = _step_of(post, step=post.step + 1, at=fact.at)
        yield Entailed(PostFilled(**said), f"life:post:{post.id}", post.step + 1)


def _tell_of_post(connection: Connection, post: Post, fact: PostClaimed) -> Iterator[Entailed]:
    """Yield what makes one enrolment of the member ``posted``: the first that has no post yet, by residence before."""
    if any(post.id == life.post for life in _lives(connection, fact.member)):
        return
    for view in _enrolments(connection, fact.member, community=post.community):
        found = get_life(connection, kind="enrolment", life_id=view.enrolment_id)
        begun = None if found else first_step(view.enrolment)
        if begun is not None:
            yield Entailed(begun, f"life:enrolment:{begun.id}", 1)
        elif found is not None and found.life.state != "enrolled":
            continue
        step = 2 if found is None else found.life.step + 1
        said = {"id": view.enrolment_id, "community": post.community, "by": _hall(post), "at": fact.at}
        yield Entailed(EnrolmentPosted(step=step, post=post.id, **said), f"life:enrolment:{view.enrolment_id}", step)
        return


def _left(connection: Connection, post: Post, fact: PostLeft) -> Sequence[Entailed]:
    return [*_relieved(connection, post, fact.member, fact.at)]


def _closed(connection: Connection, post: Post, fact: PostClosed) -> Sequence[Entailed]:
    return [entailed for member in post.members for entailed in _relieved(connection, post, member, fact.at)]


def _relieved(connection: Connection, post: Post, member: str, at: datetime) -> Iterator[Entailed]:
    for life in _lives(connection, member):
        if life.post == post.id and life.state in ("posted", "active"):
            said = {"id": life.id, "step": life.step + 1, "community": life.community, "by": _hall(post), "at": at}
            yield Entailed(EnrolmentRelieved(**said), f"life:enrolment:{life.id}", life.step + 1)


def place_of(connection: Connection, enrolment: Enrolment, *, at: datetime) -> Iterator[Entailed]:
    """Yield what gives a place back that the member of an enrolment holds by it."""
    found = None if enrolment.post is None else get_life(connection, kind="post", life_id=enrolment.post)
    if found is not None and found.is_open and enrolment.party in found.life.members:
        said = _step_of(found.life, step=found.life.step + 1, at=at)
        yield Entailed(PostLeft(member=enrolment.party, **said), f"life:post:{found.life.id}", said["step"])


def _step_of(post: Post, *, step: int, at: datetime) -> dict[str, Any]:
    return {"id": post.id, "step": step, "community": post.community, "by": _hall(post), "at": at}


def _hall(post: Post) -> str:
    return f"community:{post.community}"


def _enrolments(connection: Connection, member: str, *, community: str) -> list[MemberView]:
    """Return the member's enrolments that hold in a community."""
    views = get_member(connection, member_ref=member.partition(":")[2])
    return [view for view in views if view.is_active and view.enrolment.community == community]


def _lives(connection: Connection, member: str) -> Iterator[Enrolment]:
    for view in get_member(connection, member_ref=member.partition(":")[2]):
        found = get_life(connection, kind="enrolment", life_id=view.enrolment_id)
        if found is not None and found.is_open:
            yield found.life


PRACTICE: Final = Practice(
    checks={PostOpened: _check},
    guards={PostClaimed: _may_claim},
    effects={PostClaimed: _claimed, PostLeft: _left, PostClosed: _closed},
)
