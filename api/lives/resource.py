"""Offers 资源办理: what a step asks of the list, and what it changes there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from api.checks import Checks
from api.errors import rejection
from api.living import Entailed, Filling, Practice, ShardOf
from api.readmodel.lifeviews import OfferView
from api.readmodel.queries.offers import due_of, stage_of
from api.readmodel.queries.resources import get_resource
from api.readmodel.views import ResourceView
from schemas.base import Fact
from schemas.lifecycle import Step
from schemas.lives.resource import (
    Offer,
    ResourceAdopted,
    ResourceAmended,
    ResourceDrafted,
    ResourceExpired,
    ResourcePaused,
    ResourcePublished,
    ResourceResumed,
    ResourceRetracted,
    ResourceVerified,
    Terms,
)
from schemas.refusals import Refused
from schemas.resources import Resource, ResourceOffered, ResourceRevised, ResourceSuspended, ResourceWithdrawn


def _drafted(connection: Connection, said: Mapping[str, Any], shard_of: ShardOf) -> Mapping[str, Any]:
    terms: Terms = said["terms"]
    return {"title": terms.title, "community": terms.home}


def _adopted(connection: Connection, resource_id: str) -> ResourceAdopted | None:
    """Return the first step of an entry that stands on the list."""
    found = get_resource(connection, resource_id=resource_id)
    if found is None or found.state == "withdrawn":
        return None
    resource = found.resource
    return ResourceAdopted(
        id=resource_id,
        step=1,
        community=resource.home,
        by=resource.provider,
        at=found.changed_at,
        title=resource.title,
        terms=Terms.model_validate(resource.model_dump(exclude={"resource_id", "version", "offered_at"})),
        due=due_of(found),
    )


def _can_be_offered(checks: Checks, after: Offer, fact: Step) -> None:
    """Refuse what could not be offered so: raise Rejection with a pointer to each field at fault."""
    if after.terms.home != after.community:
        raise Refused("shard_is_fixed", f"{after.community} → {after.terms.home}")
    checks.resource(_offered(after, fact), now=fact.at)


def _is_new(connection: Connection, after: Offer, fact: Step) -> None:
    if get_resource(connection, resource_id=after.id) is not None:
        raise Refused("duplicate_id", after.id)


def _is_listed(connection: Connection, after: Offer, fact: Step) -> None:
    _entry(connection, after)


def _is_past(connection: Connection, after: Offer, fact: Step) -> None:
    if after.due is None or fact.at < after.due:
        raise Refused("too_early", "" if after.due is None else after.due.isoformat())


def _put_on_the_list(connection: Connection, after: Offer, fact: ResourcePublished) -> Sequence[Entailed]:
    if get_resource(connection, resource_id=after.id) is not None:
        return ()
    return (_entailed(ResourceOffered(resource=_offered(after, fact)), after.id, 1),)


def _let_rest(connection: Connection, after: Offer, fact: ResourcePaused | ResourceExpired) -> Sequence[Entailed]:
    found = get_resource(connection, resource_id=after.id)
    if found is None or found.state != "published":
        return ()
    reason = fact.reason if isinstance(fact, ResourcePaused) else None
    version = found.version + 1
    return (
        _entailed(
            ResourceSuspended(resource_id=after.id, version=version, home=after.community, reason=reason),
            after.id,
            version,
        ),
    )


def _put_back(connection: Connection, after: Offer, fact: ResourceResumed | ResourceVerified) -> Sequence[Entailed]:
    """Put what rests back on the list, and let it be valid for as long as it is good."""
    found = get_resource(connection, resource_id=after.id)
    if found is None or found.state == "withdrawn":
        return ()
    valid_to = found.resource.valid_to
    if isinstance(fact, ResourceVerified) and valid_to and after.due and valid_to < after.due:
        valid_to = after.due
    if found.state == "published" and valid_to == found.resource.valid_to:
        return ()
    version = found.version + 1
    revised = found.resource.model_copy(update={"version": version, "valid_to": valid_to})
    return (_entailed(ResourceRevised(resource=revised), after.id, version),)


def _take_off(connection: Connection, after: Offer, fact: ResourceRetracted) -> Sequence[Entailed]:
    found = get_resource(connection, resource_id=after.id)
    if found is None or found.state == "withdrawn":
        return ()
    version = found.version + 1
    gone = ResourceWithdrawn(resource_id=after.id, version=version, home=after.community, reason=fact.reason)
    return (_entailed(gone, after.id, version),)


def _beside(connection: Connection, offer: Offer, now: datetime) -> OfferView:
    found = get_resource(connection, resource_id=offer.id)
    return OfferView(stage=stage_of(offer.state, found, now=now), entry=found)


def _entry(connection: Connection, offer: Offer) -> ResourceView:
    found = get_resource(connection, resource_id=offer.id)
    if found is None:
        raise Refused("not_found", offer.id)
    if found.state == "withdrawn":
        raise Refused("already_withdrawn", offer.id)
    return found


def _offered(offer: Offer, fact: Step) -> Resource:
    try:
        return Resource(resource_id=offer.id, offered_at=fact.at, **dict(offer.terms))
    except ValidationError as error:
        raise rejection(error, under="#/terms") from None


def _entailed(fact: Fact, resource_id: str, version: int) -> Entailed:
    return Entailed(fact, f"resource:{resource_id}", version)


PRACTICE = Practice(
    fillings={ResourceDrafted: Filling(frozenset({"title", "community"}), _drafted)},
    checks=dict.fromkeys((ResourceDrafted, ResourceAmended, ResourcePublished), _can_be_offered),
    guards={
        ResourceDrafted: _is_new,
        ResourcePublished: _is_new,
        ResourcePaused: _is_listed,
        ResourceResumed: _is_listed,
        ResourceVerified: _is_listed,
        ResourceExpired: _is_past,
    },
    effects={
        ResourcePublished: _put_on_the_list,
        ResourcePaused: _let_rest,
        ResourceExpired: _let_rest,
        ResourceResumed: _put_back,
        ResourceVerified: _put_back,
        ResourceRetracted: _take_off,
    },
    adopt=_adopted,
    beside=_beside,
    view=OfferView,
)
