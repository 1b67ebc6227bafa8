"""The building blocks every event shares: a frozen model and the constrained words of the domain."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

# A mainland mobile number, also with +86 and written in groups of 3, 4 and 4.
_PHONE = re.compile(r"(?<![0-9])(?:(?:00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")
# A resident identity number of 18 characters, known by its day of birth: a USCC of digits alone has none there.
_IDENTITY_NUMBER = re.compile(
    r"(?<![0-9])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)

_FOUR_DIGITS = re.compile(r"[0-9]{4}")
"""Both have four digits in a row, and most texts have none: this is twenty times as quick to see."""


class Fact(BaseModel):
    """A value that never changes once it was said: frozen, and no field that nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def unsaid(value: object) -> bool:
    """Return whether a field that joined later says nothing.

    It is not written then (``exclude_if``), so that what was said before it came is still the same, byte for byte.
    """
    return value is None or value is False or value == ()


def to_utc(moment: datetime) -> datetime:
    """Return the same instant in UTC, so that equal instants are written alike."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, the first of the year 1
        raise ValueError("impossible_window: beyond the calendar") from None


def no_personal_data(text: str) -> str:
    """Return ``text``; raise ValueError where it holds a phone or identity number (invariant 7)."""
    plain = unicodedata.normalize("NFKC", text)  # full-width digits too
    if _FOUR_DIGITS.search(plain) and (_PHONE.search(plain) or _IDENTITY_NUMBER.search(plain)):
        raise ValueError("personal_data: a phone or identity number does not belong in a public text")
    return text


def no_nul(text: str) -> str:
    """Return ``text``; raise ValueError where it holds U+0000, which not every database can keep."""
    if "\x00" in text:
        raise ValueError("invalid_value: a text cannot hold U+0000")
    return text


Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""An instant with a time zone, kept in UTC."""

EntityId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$", examples=["d-20261121-0001"])]
"""Caller-supplied or generated: 1-64 letters, digits, ``. _ : -``."""

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Grows by one with every change of an entity; a fold ignores an equal or older one."""

RegionCode = Annotated[str, Field(pattern=r"^[1-9][0-9]{11}$", examples=["310105001001"])]
"""A 12-digit statistical division code; upper levels padded with zeros."""

RegionPrefix = Annotated[
    str, Field(pattern=r"^[1-9][0-9]([0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3})?)?)?)?$", examples=["310105", "310105001"])
]
"""The leading 2, 4, 6, 9 or 12 digits of a region code: everything below it."""

ShardKey = Annotated[
    str,
    Field(
        pattern=r"^([1-9][0-9]([0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3})?)?)?)?|[a-z][a-z0-9-]{1,39})$",
        examples=["310105", "3101", "yangtze-delta"],
    ),
]
"""A shard: the prefix of its region, or the name of an alliance of regions."""

Grid = Annotated[str, Field(pattern=r"^G[0-9A-Z]{1,8}(-[0-9A-Z]{1,8}){0,5}$", examples=["G03-02"])]
"""A local suffix below the community, of any depth."""

PlacePrefix = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]([0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3}(-G[0-9A-Z]{1,8}(-[0-9A-Z]{1,8}){0,5})?)?)?)?)?$",
        examples=["310105", "310105001001-G03-02"],
    ),
]
"""A region's prefix, or a community with a grid below it."""

ItemId = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}\.[a-z0-9_]{1,90}$", examples=["elder_care.hair_cut"])]
"""``category.item`` of the catalogue in force."""

PartyRef = Annotated[
    str,
    Field(
        pattern=r"^(unit:[0-9A-HJ-NP-RTUWXY]{18}(/[0-9]{1,4})?|member:[A-Za-z0-9_-]{1,60}|community:[1-9][0-9]{11}"
        r"|office:[1-9][0-9]{11}|team:[A-Za-z0-9_-]{1,60}|system:[A-Za-z0-9_-]{1,60})$",
        examples=["unit:913101050000000000", "member:m-7f3a", "community:310105001001"],
    ),
]
"""Who acts: a unit by its USCC, a member by pseudonym, a community or the office of a street, district or city by its
code."""

EntryRef = Annotated[
    str,
    Field(pattern=r"^[a-z_]{1,30}:[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$", examples=["demand:d-20261121-0001"]),
]
"""Another entry or life, by kind and id."""

Points = Annotated[int, Field(ge=1 - 2**53, le=2**53 - 1)]
"""The common unit of value: whole points, so that sums are exact."""
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Bounded: whoever keeps rounds in columns or in a database has no room for more, and JSON has none for sure."""

Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(no_nul), AfterValidator(no_personal_data)]
Detail = Annotated[str, Field(max_length=2000), AfterValidator(no_nul), AfterValidator(no_personal_data)]
Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(no_nul), AfterValidator(no_personal_data)]
Qualification = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$", examples=["medical_licence"])]


class Window(Fact):
    """A half-open stretch of time: ``start`` belongs to it, ``end`` does not."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("impossible_window: the end is not after the start")
        return self
