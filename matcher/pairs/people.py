"""People: whatever a member does in person, through whichever entry, one person does.

Where the policy says so (``rules.one_place``):

1. What a person has promised through any entry leaves the calendar of all of that person's entries (``slots``).
2. A round gives a person one job: the market holds the person once, in the row of the first open entry, with the pairs
   of all of them. So it stays a transport problem, which takes the best entry, and has one price for all.
3. The next round follows at once, while a line could have another entry of somebody who got a job (``ration``).
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from matcher.state.columns import Ints
from matcher.state.pool import Frozen
from schemas.policy import Policy


def person_of(frozen: Frozen, *, policy: Policy, supply: Ints | None) -> Ints:
    """Return the row that stands for each resource in a market (resources,): a person's first open one, or itself.

    ``supply`` counts the open seats of the resources; those beyond it are newcomers, and open.
    """
    row = np.arange(len(frozen.resources))
    if not policy.rules.one_place or supply is None:
        return row
    there = frozen.resources["in_person"].copy()
    there[: len(supply)] &= supply > 0
    mine = np.flatnonzero(there)
    provider = frozen.resources["provider"][mine]
    if not len(mine) or np.bincount(provider).max() == 1:
        return row
    _, first, member = np.unique(provider, return_index=True, return_inverse=True)
    row[mine] = mine[first[member]]
    return row


def shared(person: Ints) -> Ints:
    """Return the rows for which another one stands."""
    return np.flatnonzero(person != np.arange(len(person)))


def pooled(supply: Ints, person: Ints) -> Ints:
    """Return the seats (resources,) as a market has them: a person's one seat in the row that stands for the person."""
    others = shared(person)
    if not len(others):
        return supply
    whole = supply.copy()
    np.maximum.at(whole, person[others], supply[others])
    whole[others] = 0
    return whole


def parts_of(frozen: Frozen, person: Ints) -> Ints:
    """Return the first category (categories,) of those that people link by entries in several; mostly itself."""
    size = int(frozen.items.category.max(initial=0)) + 1
    tails, heads = links(frozen, person)
    if not len(tails):
        return np.arange(size)
    graph = csr_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first[number], np.int64)


def links(frozen: Frozen, person: Ints) -> tuple[Ints, Ints]:
    """Return pairs of categories (n,), (n,) between which some person stands."""
    others = shared(person)
    category = frozen.items.category[frozen.resources["item"]]
    return category[others], category[person[others]]
