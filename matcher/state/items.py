"""The catalogue as the matcher sees it: whole numbers for items, categories and gates."""

from typing import Final

import numpy as np

from matcher.state.columns import Ints
from schemas.catalogue import Catalogue

INSURANCE: Final = "insurance"
INSURANCE_IF_RISKY: Final = "insurance_if_risky"
NO_GATE: Final = "none"


class ItemIndex:
    """Items numbered in sorted order, so that the numbers depend on the catalogue alone.

    ``category`` has shape (items,): the category's number. ``gate`` and ``risky_gate``, shape (items,),
    hold the qualification bits that a resource needs, for ordinary and for risky work.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.ids = sorted(catalogue.items)
        self.number = {item: place for place, item in enumerate(self.ids)}
        categories = sorted(catalogue.categories)
        place = {category: index for index, category in enumerate(categories)}
        self.category: Ints = np.array([place[catalogue.items[item].category_id] for item in self.ids], np.int64)
        gates = {category.gate for category in catalogue.categories.values()} - {NO_GATE, INSURANCE_IF_RISKY}
        self._bits = {gate: 1 << bit for bit, gate in enumerate(sorted(gates | {INSURANCE}))}
        self.gates = tuple(sorted(self._bits))
        """Every qualification that opens some gate."""
        of_item = [catalogue.categories[catalogue.items[item].category_id].gate for item in self.ids]
        self.gate: Ints = np.array([self._bits.get(gate, 0) for gate in of_item], np.int64)
        self.risky_gate: Ints = np.array(
            [self._bits[INSURANCE] if gate == INSURANCE_IF_RISKY else self._bits.get(gate, 0) for gate in of_item],
            np.int64,
        )

    def qualifications(self, held: int) -> tuple[str, ...]:
        """Return the qualifications of these bits."""
        return tuple(name for name, bit in self._bits.items() if held & bit)

    def bits(self, qualifications: tuple[str, ...]) -> int:
        """Return the bits of those qualifications that open some gate; others do not matter here."""
        held = 0
        for qualification in qualifications:
            held |= self._bits.get(qualification, 0)
        return held
