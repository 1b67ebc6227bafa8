"""Gates that entries set themselves: for whom, by whom, at what cost, for which requesters.

Each is a hard rule as in ``rules``: it takes broadcastable arrays of line and resource rows and returns an array of
their common shape. A gate that no entry of the pool sets does not bind and need not be looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.state.columns import FOREVER, Bools, Ints, code
from matcher.state.pool import Frozen


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a frozen pool.

    ``place`` and ``party`` (lines,) number the distinct places and requesters, ``admission`` (resources,) the
    distinct admission lists; ``admits_place`` (admissions, places) and ``admits_party`` (admissions, parties) say
    who stands on them. ``guest`` (lines,) marks the lines of seats that another shard handed down for a hold on certain
    resources, ``held`` are the codes of these pairs, sorted.
    """

    frozen: Frozen
    place: Ints
    party: Ints
    admission: Ints
    admits_place: Bools
    admits_party: Bools
    guest: Bools
    held: Ints

    def beneficiary(self, line: Ints, resource: Ints) -> Bools:
        """The resource is fit for the class that the demand is for."""
        serves = self.frozen.resources["serves"][resource]
        whom = self.frozen.demands["beneficiary"][self.frozen.line_demand[line]]
        return (serves == 0) | (serves >> whom.astype(np.int64) & 1 > 0)

    def fitness(self, line: Ints, resource: Ints) -> Bools:
        """The helper declared everything that the demand needs: of age, fit to lift, and the like."""
        needs = self.frozen.demands["needs"][self.frozen.line_demand[line]]
        return (self.frozen.resources["fitness"][resource] & needs) == needs

    def cost(self, line: Ints, resource: Ints) -> Bools:
        """The fee is within the demand's cap; a fee that nobody named is within none."""
        return self.frozen.resources["fee"][resource] <= self.frozen.demands["cost_cap"][self.frozen.line_demand[line]]

    def admitted(self, line: Ints, resource: Ints) -> Bools:
        """The resource admits the requester by name, or the place by its region."""
        admission = self.admission[resource]
        return self.admits_place[admission, self.place[line]] | self.admits_party[admission, self.party[line]]

    def asked_for(self, line: Ints, resource: Ints) -> Bools:
        """The seats are the shard's own, or came with the wish for this very resource."""
        if not len(self.held):
            return np.ones(np.broadcast_shapes(np.shape(line), np.shape(resource)), bool)
        pair = code(line, resource)
        found = np.minimum(np.searchsorted(self.held, pair), len(self.held) - 1)
        return ~self.guest[line] | (self.held[found] == pair)


Gate = Callable[[Gates, Ints, Ints], Bools]
GATES: Final[tuple[Gate, ...]] = (Gates.beneficiary, Gates.fitness, Gates.cost, Gates.admitted, Gates.asked_for)


def gates_of(frozen: Frozen) -> Gates:
    """Return the gates of ``frozen``."""
    places, place = np.unique(frozen.demands["place"], return_inverse=True)
    parties, first, party = np.unique(frozen.demands["requester"], return_index=True, return_inverse=True)
    lists, admission = np.unique(frozen.resources["admission"], return_inverse=True)
    admits_place = np.zeros((len(lists), len(places)), bool)
    admits_party = np.zeros((len(lists), len(parties)), bool)
    names = {frozen.requesters[row]: number for number, row in enumerate(first.tolist())}
    for row, number in enumerate(lists.tolist()):
        for entry in frozen.admissions[number]:
            if entry.isdigit():
                admits_place[row] |= places // 10 ** (12 - len(entry)) == int(entry)
            elif entry in names:
                admits_party[row, names[entry]] = True
        if not frozen.admissions[number]:
            admits_place[row] = True
    guest, held = _held(frozen)
    return Gates(
        frozen, place[frozen.line_demand], party[frozen.line_demand], admission, admits_place, admits_party, guest, held
    )


def _held(frozen: Frozen) -> tuple[Bools, Ints]:
    """Return the lines of guests (lines,), and the codes of the pairs that holds are asked for."""
    theirs, guest = frozen.demands["guest"], np.zeros(len(frozen.lines), bool)
    asked = [
        (line, hold.resource) for (line, _), hold in frozen.abroad.holds.items() if theirs[frozen.line_demand[line]]
    ]
    if not asked:
        return guest, np.zeros(0, np.int64)
    lines, resources = np.array(asked, np.int64).T
    guest[lines] = True
    return guest, np.unique(code(lines[resources >= 0], resources[resources >= 0]))


def binding(frozen: Frozen) -> tuple[Gate, ...]:
    """Return the gates that some entry of the pool sets."""
    demands, resources = frozen.demands, frozen.resources
    listed = any(frozen.admissions[number] for number in np.unique(resources["admission"]).tolist())
    bound = (
        bool(resources["serves"].any()),
        bool(demands["needs"].any()),
        bool((demands["cost_cap"] < FOREVER).any() and resources["fee"].any()),
        listed,
        bool(frozen.abroad.holds),
    )
    return tuple(gate for gate, binds in zip(GATES, bound, strict=True) if binds)
