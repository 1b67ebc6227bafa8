"""What clients send: the entries of the lists without what only we may set, and their partial forms.

The models follow from those of ``schemas``, so that no limit stands in two places. Each has the fields of its
source; ids may be left out, and versions and times of posting are ours.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model

from schemas.base import EntityId, Fact, Moment, Reason
from schemas.demands import MOST_LINES, Demand
from schemas.enrolment import MemberEnrolled, UnitEnrolled
from schemas.resources import Resource

DEMAND_EXAMPLE = {
    "requester": "community:310105001001",
    "title": "给楼里的老人理发",
    "lines": [{"item": "elder_care.hair_cut", "quantity": 6}],
    "community": "310105001001",
    "window": {"start": "2030-06-01T09:00:00+08:00", "end": "2030-06-01T12:00:00+08:00"},
    "duration_minutes": 30,
    "urgency": "normal",
    "channel": "grid",
    "beneficiary": "elderly",
}
RESOURCE_EXAMPLE = {
    "provider": "member:m-7f3a",
    "title": "周末上门理发",
    "item": "elder_care.hair_cut",
    "kind": "skill",
    "windows": [{"start": "2030-06-01T08:00:00+08:00", "end": "2030-06-01T18:00:00+08:00"}],
    "scope": ["310105"],
    "home": "310105001001",
    "qualifications": ["vetted_home_visit"],
}
UNIT_EXAMPLE = {"uscc": "91310105MA1FW0008T", "name": "某某科技有限公司党支部", "community": "310105001001"}
MEMBER_EXAMPLE = {
    "member_class": "in_service",
    "kind": "unit_link",
    "home_unit": "unit:91310105MA1FW0008T",
    "community": "310105001001",
    "skills": ["elder_care.hair_cut"],
}


def _without(source: type[Fact], *ours: str, optional: bool = False, **other: Any) -> dict[str, Any]:
    """Return the fields of ``source`` that are not ``ours``; all of them may be null or missing if ``optional``."""
    kept = {name: field for name, field in source.model_fields.items() if name not in ours}
    if optional:
        return {name: (field.rebuild_annotation() | None, None) for name, field in kept.items()} | other
    return {name: (field.rebuild_annotation(), field) for name, field in kept.items()} | other


def _config(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [*examples]}
    )


class Contact(BaseModel):
    """Who to talk to; goes to the identity vault and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: SecretStr | None = Field(default=None, min_length=1, max_length=60)
    phone: SecretStr | None = Field(default=None, min_length=5, max_length=20)

    def fields(self) -> dict[str, str]:
        """Return what is given, in the clear."""
        return {name: value.get_secret_value() for name, value in self if value is not None}


class WindowPatch(Fact):
    """A partial window: a merge patch may move one of its ends."""

    start: Moment | None = None
    end: Moment | None = None


class Because(BaseModel):
    """An optional reason; it is public, so it holds no names or numbers of people."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    reason: Reason | None = None


class Response(Because):
    """An answer to an assignment: who gives it, and a reason where there is one."""

    by: Literal["provider", "requester", "operator"] = "provider"


class ClaimOfDemand(BaseModel):
    """A provider takes a demand: with which resource, and which line of it."""

    model_config = _config({"resource_id": "r-20261116-0007"})

    resource_id: EntityId
    line: Annotated[int, Field(ge=0, lt=MOST_LINES, description="Lines are numbered from 0.")] = 0


class ClaimOfResource(BaseModel):
    """A requester takes a resource: for which demand, and which line of it."""

    model_config = _config({"demand_id": "d-20261117-0031", "line": 0})

    demand_id: EntityId
    line: Annotated[int, Field(ge=0, lt=MOST_LINES, description="Lines are numbered from 0.")] = 0


if TYPE_CHECKING:

    class DemandBody(Fact):
        """A demand to be posted."""

        demand_id: EntityId | None

    class ResourceBody(Fact):
        """A resource to be offered."""

        resource_id: EntityId | None

    class UnitBody(Fact):
        """A unit that reports."""

        liaison: Contact | None

    class MemberBody(Fact):
        """A member who reports."""

        member_ref: str | None
        contact: Contact | None

    class DemandPatch(Fact):
        """A partial demand."""

    class ResourcePatch(Fact):
        """A partial resource."""

else:
    DemandBody = create_model(
        "DemandBody",
        __config__=_config(DEMAND_EXAMPLE),
        __doc__="A demand to be posted; without an id it gets one.",
        **_without(Demand, "demand_id", "version", "posted_at", demand_id=(EntityId | None, None)),
    )
    ResourceBody = create_model(
        "ResourceBody",
        __config__=_config(RESOURCE_EXAMPLE),
        __doc__="A resource to be offered; without an id it gets one.",
        **_without(Resource, "resource_id", "version", "offered_at", resource_id=(EntityId | None, None)),
    )
    UnitBody = create_model(
        "UnitBody",
        __config__=_config(UNIT_EXAMPLE),
        __doc__="A resident unit that reports to a community.",
        **_without(UnitEnrolled, "version", "enrolled_at", "enrolment_id", liaison=(Contact | None, None)),
    )
    MemberBody = create_model(
        "MemberBody",
        __config__=_config(MEMBER_EXAMPLE),
        __doc__="A member who reports to a community; without a reference, a pseudonym is made.",
        **_without(
            MemberEnrolled, "member_ref", "version", "enrolled_at", "enrolment_id", contact=(Contact | None, None)
        ),
        member_ref=(MemberEnrolled.model_fields["member_ref"].rebuild_annotation() | None, None),
    )
    DemandPatch = create_model(
        "DemandPatch",
        __config__=_config({"urgency": "urgent", "deadline": None}),
        __doc__="A JSON merge patch (RFC 7396): what is named changes, null takes the default.",
        **_without(Demand, "demand_id", "version", "posted_at", "requester", "window", optional=True),
        window=(WindowPatch | None, None),
    )
    ResourcePatch = create_model(
        "ResourcePatch",
        __config__=_config({"capacity": 3, "valid_to": None}),
        __doc__="A JSON merge patch (RFC 7396): what is named changes, null takes the default.",
        **_without(Resource, "resource_id", "version", "offered_at", "provider", optional=True),
    )
