"""Who may speak for whom, and whose matter a step of a life is.

1. Everybody speaks for himself, and a unit for its branches.
2. An office speaks for the communities and offices of its region, so that the whole ladder stands above a place:
   street, district, city, province.
3. A step is for the parties that its row names (``Move.whose``): fields of the life as it was, or of the step.

The fold does not ask: ``take`` knows kinds of party alone, and what was written before this was asked still counts
(ADR 10). The door asks, before a step that people take is written.
"""

from collections.abc import Iterator
from typing import Any, Final

from schemas.base import PartyRef
from schemas.lifecycle import PLACE, SYSTEM, Life, Lifecycle, Move, Step
from schemas.refusals import Refused
from schemas.regions import covers

_PLACES: Final = ("community", "office")
_WORDS: Final = {
    PLACE: "its community and the offices above",
    SYSTEM: "the house",
    "opened_by": "whoever began it",
    "parties": "whom it concerns",
    "to": "whoever was asked",
}


def speaks_for(by: PartyRef, party: PartyRef) -> bool:
    """Whether what ``by`` does counts as done by ``party``."""
    kind, _, code = by.partition(":")
    other, _, place = party.partition(":")
    if kind == "office" and other in _PLACES:
        return covers(code, place)
    return by == party or (kind == "unit" and party.startswith(f"{by}/"))


def must_be_theirs(lifecycle: Lifecycle[Any], before: Life | None, after: Life, fact: Step) -> None:
    """Refuse a step of somebody whose matter it is not; one that follows from something else is nobody's.

    ``before`` is None where the life begins with it. Raises Refused ``not_yours``.
    """
    move = lifecycle.by_fact[type(fact)]
    whose = lifecycle.whose_is(move)
    if not whose or not move.by_hand or (SYSTEM in whose and fact.by.startswith(f"{SYSTEM}:")):
        return
    if not any(speaks_for(fact.by, party) for party in _entitled(whose, before or after, fact)):
        raise Refused("not_yours", f"{move.action} is for {told(lifecycle, move)}, not for {fact.by}")


def told(lifecycle: Lifecycle[Any], move: Move) -> str:
    """Say for people whose matter a step is."""
    whose = lifecycle.whose_is(move)
    if not whose:
        return ", ".join(move.by) or "anybody"
    if whose == (PLACE,) and move.by == ("office",):
        return "the offices above"
    return ", ".join(_WORDS.get(name, name.replace("_", " ")) for name in whose)


def _entitled(whose: tuple[str, ...], life: Life, fact: Step) -> Iterator[PartyRef]:
    for name in whose:
        if name == PLACE:
            yield f"community:{life.community}"
        elif name != SYSTEM:
            named = getattr(life if hasattr(life, name) else fact, name)
            yield from (named,) if isinstance(named, str) else named or ()
