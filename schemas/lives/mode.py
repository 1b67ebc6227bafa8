"""Peacetime and emergency 平时、战时: an office declares an emergency for its region, and lifts it.

While it is in force members serve where they live before where they work, and bulk dispatches may be called.
"""

from typing import Any, Final

from schemas.base import Moment, PartyRef, Reason
from schemas.lifecycle import Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.regions import prefix_of


class ModeDeclared(Step):
    """An office declared an emergency for its region; ``due`` is until when, unless it is lifted or extended."""

    reason: Reason
    due: Moment | None = None


class ModeExtended(Step):
    """It lasts longer."""

    due: Moment
    reason: Reason | None = None


class ModeLifted(Step):
    """It is peacetime again."""

    reason: Reason | None = None


class Mode(Life):
    """An emergency as it stands; ``community`` is the region's code, padded."""

    reason: Reason | None = None

    @property
    def region(self) -> str:
        """Return the prefix of the region it is for."""
        return prefix_of(self.community)

    @property
    def holds(self) -> str:
        """One for each region; a wider and a narrower one may be in force together."""
        return f"mode {self.community}"

    @classmethod
    def meant(cls, fact: Step) -> dict[str, Any]:
        """Return what it is called; raise Refused ``not_yours`` as later steps do."""
        _must_stand_above(fact.by, fact.community)
        return {"title": "战时"}

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what a step changes; raise Refused ``not_yours`` where its office is not above the region."""
        _must_stand_above(fact.by, self.community)
        return super().after(fact)


def _must_stand_above(by: PartyRef, region: str) -> None:
    if not prefix_of(region).startswith(prefix_of(by.partition(":")[2])):
        raise Refused("not_yours", f"{by} does not stand above {region}")


_OFFICES: Final = ("office",)

MODE: Final = Lifecycle(
    kind="mode",
    plural="modes",
    zh="平战转换",
    en="mode",
    record=Mode,
    states={
        "emergency": State("战时", "emergency"),
        "peacetime": State("平时", "peacetime", is_open=False),
    },
    moves=(
        Move("declare", ModeDeclared, "转战时", (), "emergency", _OFFICES, en="declare an emergency"),
        Move("extend", ModeExtended, "延长", ("emergency",), None, _OFFICES),
        Move("lift", ModeLifted, "转平时", ("emergency",), "peacetime", _OFFICES),
    ),
)
