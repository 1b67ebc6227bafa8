"""Classes of seats, item x street x stretch of the day: by which one somebody was outbid."""

from typing import Final

import numpy as np

from matcher.columns import Ints
from matcher.fold import from_ms
from matcher.rules import Board
from schemas.why import STRETCH_HOURS, ScarceClass

STRETCH_MS: Final = STRETCH_HOURS * 3_600_000
FEWEST: Final = 5
"""A class of fewer sources would tell on somebody."""
_STREET: Final = 1_000
"""What to divide a 12-digit code by to keep the street."""


def scarce_class(board: Board, resource: int, start_ms: int, *, among: Ints) -> ScarceClass:
    """Return the class of a resource's seat that would begin at ``start_ms``.

    It is as narrow as it can be told: where fewer than five of the entries ``among`` (rows) are of its item and street,
    street and stretch are left out, and where fewer than five are of its item, so is the count.
    """
    rows = board.frozen.resources
    item, street = rows["item"], rows["home"] // _STREET
    alike = among[item[among] == item[resource]]
    near = alike[street[alike] == street[resource]]
    told = len(near) >= FEWEST
    sources = len(near) if told else len(alike)
    return ScarceClass(
        item=board.frozen.items.ids[int(item[resource])],
        street=str(int(street[resource])) if told else None,
        stretch=from_ms(int(np.floor_divide(start_ms, STRETCH_MS)) * STRETCH_MS) if told else None,
        sources=sources if sources >= FEWEST else None,
    )
