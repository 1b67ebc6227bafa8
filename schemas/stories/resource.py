"""A centre offers its hall: handed back once, published, rested, verified, expired and withdrawn."""

from typing import Final

from schemas.lives.resource import (
    ResourceAdopted,
    ResourceAmended,
    ResourceArchived,
    ResourceDrafted,
    ResourceExpired,
    ResourcePaused,
    ResourcePublished,
    ResourceReminded,
    ResourceResumed,
    ResourceRetracted,
    ResourceReturned,
    ResourceSubmitted,
    ResourceVerified,
)
from schemas.stories.teller import CENTRE, COMMUNITY, HALL, Teller, day

_hall = Teller("r-20261102-0007")
_listed = Teller("r-20260401-0031")

_TERMS: Final = {
    "provider": CENTRE,
    "title": "多功能厅",
    "item": "venue.meeting_room",
    "kind": "venue",
    "scope": ("310105",),
    "home": COMMUNITY,
    "access": "booking",
    "per_occasion": True,
}

STORY: Final = (
    _hall.tell(ResourceDrafted, by=CENTRE, title="多功能厅", terms=_TERMS),
    _hall.tell(ResourceSubmitted, by=CENTRE),
    _hall.tell(ResourceReturned, by=HALL, reason="请写明可容纳人数"),
    _hall.tell(ResourceAmended, by=CENTRE, terms=_TERMS | {"detail": "可容纳五十人"}),
    _hall.tell(ResourceSubmitted, by=CENTRE),
    _hall.tell(ResourcePublished, by=HALL, months=6),
    _hall.tell(ResourcePaused, by=CENTRE, reason="检修"),
    _hall.tell(ResourceResumed, by=CENTRE),
    _listed.tell(ResourceAdopted, by=CENTRE, title="多功能厅", terms=_TERMS, due=day(5)),
    _listed.tell(ResourceReminded, by=HALL),
    _hall.tell(ResourceVerified, by=CENTRE, months=12),
    _listed.tell(ResourceExpired, by=HALL, on=6),
    _listed.tell(ResourceRetracted, by=CENTRE, reason="场地另作他用"),
    _listed.tell(ResourceArchived, by=HALL),
)
