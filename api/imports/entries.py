"""What an import asks of an entry, whichever list it is for: how it is known, where it belongs, whether it is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from api.entries import Kind, Present
from api.imports.columns import ListKind
from api.imports.proposals import as_proposed
from api.imports.rows import Entry
from api.readmodel.queries.lives import get_life, holder_of
from api.readmodel.queries.parties import standing_of
from schemas.base import Fact
from schemas.demands import Demand
from schemas.enrolment import Enrolled, MemberEnrolled, kind_of
from schemas.lives.enrolment import held_by, id_of
from schemas.lives.project_steps import ProjectProposed
from schemas.resources import Resource

Kinds = Mapping[ListKind, Kind[Any]]
LEFT = "left"
"""The state of who was enrolled and is not any more: whoever left may report again."""
HELD = "held"
"""The state of who has applied: an enrolment of this kind is under way."""


def entity_of(entry: Entry) -> str:
    """Return the name by which writers know an entry."""
    match entry:
        case Demand():
            return f"demand:{entry.demand_id}"
        case Resource():
            return f"resource:{entry.resource_id}"
        case ProjectProposed():
            return f"life:project:{entry.id}"
        case MemberEnrolled():
            return f"{entry.party}:{entry.kind}"
        case _:
            return entry.party


def lock_of(entry: Entry) -> str:
    """Return what to hold while an entry is written: of a member, all enrolments at once.

    A project's step holds its life by itself: what is held here keeps other imports of it waiting.
    """
    match entry:
        case ProjectProposed():
            return f"project:{entry.id}"
        case Demand() | Resource():
            return entity_of(entry)
        case _:
            return entry.party


def shown_id(entry: Entry) -> str:
    """Return the id under which people find an entry: of an enrolment, that of its life."""
    match entry:
        case Demand():
            return entry.demand_id
        case Resource():
            return entry.resource_id
        case ProjectProposed():
            return entry.id
        case _:
            return id_of(entry)


def region_of(entry: Entry) -> str:
    """Return the region whose shard an entry belongs to."""
    return entry.home if isinstance(entry, Resource) else entry.community


def posted(entry: Entry, *, kinds: Kinds) -> Fact:
    """Return the fact that puts an entry on its list."""
    if isinstance(entry, Enrolled | ProjectProposed):
        return entry
    fact: Fact = kinds["demands" if isinstance(entry, Demand) else "resources"].posted(entry)
    return fact


def find_all(connection: Connection, entries: Sequence[Entry], *, kinds: Kinds) -> dict[str, Present[Any]]:
    """Return what the lists have of these entries, by the names of ``entity_of``; new ones are left out."""
    found: dict[str, Present[Any] | None] = {}
    for kind in ("demands", "resources"):
        ours = {shown_id(entry): entry for entry in entries if isinstance(entry, _OF_LIST[kind])}
        known = kinds[kind].known(connection, list(ours)) if ours else set()
        found |= {entity_of(ours[entry_id]): kinds[kind].find(connection, entry_id) for entry_id in known}
    proposed = (entry for entry in entries if isinstance(entry, ProjectProposed))
    found |= {entity_of(entry): _proposed(connection, entry) for entry in proposed}
    enrolled = (entry for entry in entries if isinstance(entry, Enrolled))
    found |= {entity_of(entry): _enrolled(connection, entry) for entry in enrolled}
    return {name: present for name, present in found.items() if present is not None}


_OF_LIST: dict[ListKind, type[Entry]] = {"demands": Demand, "resources": Resource}


def _proposed(connection: Connection, entry: ProjectProposed) -> Present[Any] | None:
    view = get_life(connection, kind="project", life_id=entry.id)
    return None if view is None else Present(as_proposed(view.life), view.life.step, view.life.state)


def _enrolled(connection: Connection, entry: Enrolled) -> Present[Any] | None:
    standing = standing_of(connection, party=entry.party, kind=kind_of(entry))
    if standing is not None and standing.is_active:
        return Present(standing.entry, standing.version, "enrolled")
    holds = held_by(entry.party, kind_of(entry))
    if holder_of(connection, kind="enrolment", holds=holds) is not None:
        return Present(entry, 0, HELD)
    return None if standing is None else Present(standing.entry, standing.version, LEFT)
