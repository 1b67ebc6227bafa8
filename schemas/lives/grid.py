"""Grids 网格: the cells below a community, of any depth; what they are called, who leads them, who serves there."""

from typing import Any, Final

from schemas.base import Grid as GridSuffix
from schemas.base import PartyRef, Reason, Title
from schemas.lifecycle import PLACE, Life, Lifecycle, Move, State, Step
from schemas.refusals import Refused
from schemas.regions import place_name

MOST_SERVING: Final = 500
"""Who serves in one grid: a finer grid is the answer to more."""


class GridDrawn(Step):
    """A cell of a community was given a name."""

    title: Title
    grid: GridSuffix
    lead: PartyRef | None = None


class GridRenamed(Step):
    """It is called otherwise."""

    title: Title


class GridEntrusted(Step):
    """Somebody leads it from now on."""

    lead: PartyRef


class GridJoined(Step):
    """A member, a team or a unit serves in it from now on 进网格."""

    party: PartyRef


class GridLeft(Step):
    """A member, a team or a unit serves there no more."""

    party: PartyRef


class GridDissolved(Step):
    """It was merged into others, or drawn anew."""

    reason: Reason


class Grid(Life):
    """A grid as it stands; ``grid`` is its suffix below the community, ``lead`` its head 网格长."""

    grid: GridSuffix
    lead: PartyRef | None = None
    serving: tuple[PartyRef, ...] = ()

    @property
    def parties(self) -> tuple[PartyRef, ...]:
        """Who leads it, and who serves there."""
        return (self.opened_by, *([self.lead] if self.lead else []), *self.serving)

    @property
    def holds(self) -> str | None:
        """A cell has one name at a time."""
        return place_name(self.community, self.grid)

    def after(self, fact: Step) -> dict[str, Any]:
        """Return what changes.

        Raises:
            Refused: ``already_held`` where a party serves there already or the grid is full, ``not_found`` where one
                that leaves did not serve there.
        """
        match fact:
            case GridJoined(party=party):
                if party in self.serving or len(self.serving) == MOST_SERVING:
                    raise Refused("already_held", f"{len(self.serving)} serve there, {party} cannot be added")
                return {"serving": (*self.serving, party)}
            case GridLeft(party=party):
                if party not in self.serving:
                    raise Refused("not_found", f"{party} does not serve there")
                return {"serving": tuple(each for each in self.serving if each != party)}
            case _:
                return super().after(fact)


_OWNERS: Final = ("community", "office")

GRID: Final = Lifecycle(
    kind="grid",
    plural="grids",
    zh="网格",
    en="grid",
    record=Grid,
    states={"in_use": State("在用", "in use"), "dissolved": State("已撤并", "dissolved", is_open=False)},
    moves=(
        Move("draw", GridDrawn, "划定", (), "in_use", _OWNERS, en="draw a grid"),
        Move("rename", GridRenamed, "改名", ("in_use",), None, _OWNERS),
        Move("entrust", GridEntrusted, "任命网格长", ("in_use",), None, _OWNERS),
        Move("join", GridJoined, "进网格", ("in_use",), whose=("party", "lead", PLACE)),
        Move("leave", GridLeft, "退出网格", ("in_use",), whose=("party", "lead", PLACE)),
        Move("dissolve", GridDissolved, "撤并", ("in_use",), "dissolved", _OWNERS),
    ),
)
