"""Enrolments beside the registry: who is there already is not enrolled twice; who leaves is gone from the lists.

What a party offered where it leaves is withdrawn: all of it with its last enrolment, else what lives in that community.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NoReturn

from sqlalchemy import Connection, select

from api.checks import Checks
from api.lives.post import place_of
from api.living import Entailed, Practice
from api.problems import Rejection
from api.readmodel.queries.lives import get_life, holder_of
from api.readmodel.queries.parties import get_member, standing_of
from api.readmodel.tables import resources
from schemas.enrolment import Enrolled, EnrolmentKind
from schemas.lifecycle import Step
from schemas.lives.enrolment import (
    Enrolment,
    EnrolmentApplied,
    EnrolmentGranted,
    EnrolmentLoggedOff,
    EnrolmentPosted,
    EnrolmentRegistered,
    EnrolmentResumed,
    EnrolmentRevised,
    EnrolmentTransferred,
    first_step,
    held_by,
    id_of,
    party_of,
)
from schemas.member_classes import may_enrol
from schemas.refusals import Refused
from schemas.resources import ResourceWithdrawn


def entity_of(party: str, kind: EnrolmentKind | None) -> str:
    """Return the name by which writers know an entry of the registry."""
    return party if kind is None else f"{party}:{kind}"


def must_be_only(
    connection: Connection, *, party: str, kind: EnrolmentKind | None, besides: Collection[str | None] = ()
) -> None:
    """Refuse a second enrolment of a party.

    Raises:
        Refused: ``duplicate_enrolment`` where it is enrolled, ``already_held`` where it has applied, by another than
            ``besides``.
    """
    standing = standing_of(connection, party=party, kind=kind)
    if standing is not None and standing.is_active and id_of(standing.entry) not in besides:
        _is_there(party, id_of(standing.entry), standing.entry.community)
    holds = held_by(party, kind)
    holder = holder_of(connection, kind="enrolment", holds=holds)
    if holder is not None and holder.life.id not in besides:
        if holder.life.enrolled_at is not None:
            _is_there(party, holder.life.id, holder.life.community)
        raise Rejection("already_held", holds, extra={"held_by": holder.life.id})


def _is_there(party: str, enrolment_id: str, community: str) -> NoReturn:
    known = {"enrolment_id": enrolment_id, "community": community}
    raise Rejection("duplicate_enrolment", party, extra=known)


def _may_begin(connection: Connection, life: Enrolment, fact: Step) -> None:
    must_be_only(connection, party=life.party, kind=life.kind, besides=(life.id, life.came_from))
    _fits(connection, life, fact)


def _has_post(connection: Connection, life: Enrolment, fact: EnrolmentPosted) -> None:
    found = get_life(connection, kind="post", life_id=fact.post)
    if found is None or not found.is_open or life.party not in found.life.members:
        raise Refused("not_found", f"{life.party} has no place in {fact.post}", field="#/post")


def _check(checks: Checks, _: Enrolment, fact: Step) -> None:
    checks.step(fact, now=fact.at)


def _fits(_: Connection, life: Enrolment, __: Step) -> None:
    if life.kind is not None and life.member_class is not None and not may_enrol(life.member_class, life.kind):
        raise Refused("not_of_class", f"{life.member_class}: {life.kind}", field="#/kind")


def _enter(connection: Connection, life: Enrolment, _: Step) -> Sequence[Entailed]:
    """Put an enrolment, as it is now, into the registry."""
    standing = standing_of(connection, party=life.party, kind=life.kind)
    if standing is not None and standing.is_active and life.entry(standing.version) == standing.entry:
        return ()
    version = 1 if standing is None else standing.version + 1
    return [Entailed(life.entry(version), entity_of(life.party, life.kind), version)]


def _leave(connection: Connection, life: Enrolment, fact: Step) -> Sequence[Entailed]:
    standing = standing_of(connection, party=life.party, kind=life.kind)
    if standing is None or not standing.is_active or id_of(standing.entry) != life.id:
        return ()
    version = standing.version + 1
    return [Entailed(life.departure(version, at=fact.at), entity_of(life.party, life.kind), version)]


def _log_off(connection: Connection, life: Enrolment, fact: Step) -> Sequence[Entailed]:
    if life.enrolled_at is None:
        return ()
    return [*_leave(connection, life, fact), *_withdrawn(connection, life), *place_of(connection, life, at=fact.at)]


def _withdrawn(connection: Connection, life: Enrolment) -> Iterator[Entailed]:
    is_last = not any(_others(connection, life))
    query = select(resources.c.resource_id, resources.c.version, resources.c.home).where(
        resources.c.provider == life.party, resources.c.state != "withdrawn"
    )
    if not is_last:
        query = query.where(resources.c.home == life.community)
    for row in connection.execute(query.order_by(resources.c.resource_id)):
        gone = ResourceWithdrawn(
            resource_id=row.resource_id, version=row.version + 1, home=row.home, reason="提供方已注销报到"
        )
        yield Entailed(gone, f"resource:{row.resource_id}", gone.version)


def _others(connection: Connection, life: Enrolment) -> Iterator[Enrolled]:
    """Yield the member's other enrolments that hold."""
    if not life.is_of_unit:
        for view in get_member(connection, member_ref=life.party.partition(":")[2]):
            if view.is_active and view.enrolment.kind != life.kind:
                yield view.enrolment


def _transfer(connection: Connection, life: Enrolment, fact: Step) -> Sequence[Entailed]:
    """End the entry here, and apply there; what it offers stays as it is."""
    begun = life.going_on(by=fact.by, at=fact.at)
    applied = Entailed(begun, f"life:enrolment:{begun.id}", 1)
    return [*_leave(connection, life, fact), *place_of(connection, life, at=fact.at), applied]


def _adopt(connection: Connection, enrolment_id: str) -> EnrolmentRegistered | None:
    named = party_of(enrolment_id)
    standing = None if named is None else standing_of(connection, party=named[0], kind=named[1])
    if standing is None or not standing.is_active or id_of(standing.entry) != enrolment_id:
        return None
    return first_step(standing.entry)


PRACTICE: Final = Practice(
    checks=dict.fromkeys((EnrolmentApplied, EnrolmentRegistered, EnrolmentResumed, EnrolmentRevised), _check),
    guards={
        EnrolmentApplied: _may_begin,
        EnrolmentRegistered: _may_begin,
        EnrolmentGranted: _may_begin,
        EnrolmentPosted: _has_post,
        EnrolmentResumed: _fits,
        EnrolmentRevised: _fits,
    },
    effects={
        EnrolmentRegistered: _enter,
        EnrolmentGranted: _enter,
        EnrolmentRevised: _enter,
        EnrolmentTransferred: _transfer,
        EnrolmentLoggedOff: _log_off,
    },
    adopt=_adopt,
    alone=lambda life: life.party,
)
