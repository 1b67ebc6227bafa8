"""Units and members report: made-up names, well-formed codes, pseudonyms."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

from deploy.demo.proportions import District
from deploy.demo.trades import WORD_HEADS, WORD_TAILS, Trade, trades
from schemas.catalogue import Catalogue
from schemas.enrolment import EnrolmentKind, MemberClass, MemberEnrolled, UnitEnrolled
from schemas.uscc import check_character

SKILLED = 0.85
"""How many of those who know a gated trade can prove it: some "no" must be seen, too."""

_CLASSES = {
    MemberClass.IN_SERVICE: 65,
    MemberClass.RETIRED: 15,
    MemberClass.RESIDENT: 12,
    MemberClass.MOBILE: 6,
    MemberClass.LAID_OFF: 2,
}
_SKILLS = {
    "elder_care": 16, "health": 7, "child_youth": 10, "relief": 8, "digital": 8, "home_repair": 7, "environment": 8,
    "public_safety": 6, "culture": 6, "sports": 5, "legal_aid": 5, "psychology": 4, "mediation": 5, "traffic": 5,
    "gov_service": 6, "emergency": 5, "employment": 4, "disability": 4, "party_life": 4, "new_groups": 2,
}  # fmt: skip
"""Of a hundred and some members, how many know something of each category; venues are offered by units."""
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that reported, what it is, and whether it is one of the big ones."""

    enrolled: UnitEnrolled
    trade: Trade
    big: bool


def uscc_of(*, kind: str, region: str, rng: Random) -> str:
    """Return a well-formed, made-up code: kind, region, organisation code (GB 11714) and check character."""
    body = "".join(rng.choices("0123456789", k=8))
    check = 11 - sum(int(digit) * weight for digit, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)) % 11
    seventeen = kind + region + body + {10: "X", 11: "0"}.get(check, str(check))
    return seventeen + check_character(seventeen)


def units(district: District, *, rng: Random, at: datetime) -> list[Unit]:
    """Return the units of the district; no two share a code or a name."""
    found: dict[str, Unit] = {}
    names: set[str] = set()
    while len(found) < district.units:
        unit = _unit(district, rng=rng, at=at)
        if unit.enrolled.uscc not in found and unit.enrolled.name not in names:
            found[unit.enrolled.uscc] = unit
            names.add(unit.enrolled.name)
    return list(found.values())


def members(
    district: District, *, units: list[Unit], catalogue: Catalogue, rng: Random, at: datetime
) -> Iterator[MemberEnrolled]:
    """Yield one new member after the other, without end; pseudonyms never repeat."""
    seen: set[str] = set()
    while True:
        member_ref = f"m-{rng.getrandbits(40):010x}"
        if member_ref not in seen:
            seen.add(member_ref)
            yield _member(member_ref, district, units=units, catalogue=catalogue, rng=rng, at=at)


def _unit(district: District, *, rng: Random, at: datetime) -> Unit:
    community = rng.choice(district.communities).code
    (trade,) = rng.choices(trades(), weights=[trade.weight for trade in trades()])
    name = trade.name.format(
        street=district.street_name(community),
        word=rng.choice(WORD_HEADS) + rng.choice(WORD_TAILS),
        number=rng.choice("一二三四五六"),
    )
    enrolled = UnitEnrolled(
        uscc=uscc_of(kind=trade.kind, region=district.prefix, rng=rng),
        name=name,
        community=community,
        industry_system=trade.system,
        enrolled_at=at,
    )
    return Unit(enrolled, trade, big=rng.random() < district.big_share)


def _member(
    member_ref: str, district: District, *, units: list[Unit], catalogue: Catalogue, rng: Random, at: datetime
) -> MemberEnrolled:
    (member_class,) = rng.choices(list(_CLASSES), weights=list(_CLASSES.values()))
    in_service = member_class is MemberClass.IN_SERVICE
    home = rng.choice(units).enrolled if in_service else None
    skills = _skills(catalogue, rng=rng)
    return MemberEnrolled(
        member_ref=member_ref,
        member_class=member_class,
        kind=EnrolmentKind.UNIT_LINK if in_service else EnrolmentKind.RESIDENCE,
        home_unit=home.party if home else None,
        community=home.community if home and rng.random() < 0.5 else rng.choice(district.communities).code,
        skills=skills,
        qualifications=qualifications(skills, catalogue=catalogue, rng=rng),
        enrolled_at=at,
    )


def _skills(catalogue: Catalogue, *, rng: Random) -> tuple[str, ...]:
    (category,) = rng.choices(list(_SKILLS), weights=list(_SKILLS.values()))
    items = catalogue.items_of(category)
    return tuple(item.item_id for item in rng.sample(items, k=rng.choice((1, 1, 2))))


def qualifications(items: tuple[str, ...], *, catalogue: Catalogue, rng: Random) -> tuple[str, ...]:
    """Return what the gates of these items ask for, where the holder happens to have it."""
    asked = sorted({gate for item in items if (gate := catalogue.category_of(item).required(risky=True))})
    return tuple(gate for gate in asked if rng.random() < SKILLED)
