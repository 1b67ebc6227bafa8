"""The most that seats are worth, by trying everything: who is in which team, and what each seat may take."""

from collections.abc import Collection, Mapping
from functools import cache

from schemas.demands import Demand

Place = tuple[str, int]
"""A line: demand id and place in it."""
Pair = tuple[str, int, str]
"""A line and a resource: demand id, place, resource id."""
Team = tuple[Place, ...]
"""The lines that are filled wholly or not at all, all at one start."""

IMPOSSIBLE = -(2**60)


def teams_of(demand: Demand) -> list[Team]:
    """Return the teams of a demand; one seat alone is none."""
    places = [(demand.demand_id, number) for number in range(len(demand.lines))]
    if demand.bundle:
        return [tuple(places)] if sum(line.quantity for line in demand.lines) > 1 else []
    return [(place,) for place, line in zip(places, demand.lines, strict=True) if line.together and line.quantity > 1]


def best_total(
    need: Mapping[Place, int],
    supply: Mapping[str, int],
    worth: Mapping[Pair, int],
    *,
    teams: Mapping[Team, Collection[set[Pair]]] | None = None,
    whose: Mapping[str, str] | None = None,
) -> int:
    """Return the greatest total worth.

    ``whose`` names the person of entries that are one person's, who has one seat for all of them.

    Each ordinary demand seat in turn takes a seat of some resource, or none; each team's seats take one each, by the
    pairs of one of the occasions it has, or all take none.
    """
    teams, names, whose = teams or {}, sorted(supply), whose or {}
    people = sorted({whose.get(name, name) for name in names})
    column_of = {name: people.index(whose.get(name, name)) for name in names}
    of_team = {place for team in teams for place in team}
    units: list[tuple[list[Place], list[set[Pair]] | None]] = [
        ([place for place in team for _ in range(need[place])], list(occasions)) for team, occasions in teams.items()
    ]
    units += [([place] * need[place], None) for place in sorted(need) if place not in of_team]

    def taking(unit: int, seat: int, occasion: int, left: tuple[int, ...]) -> int:
        """The most when this seat takes something."""
        seats, occasions = units[unit]
        found = IMPOSSIBLE
        for name, column in column_of.items():
            pair = (*seats[seat], name)
            points = worth.get(pair)
            if left[column] and points is not None and (occasions is None or pair in occasions[occasion]):
                rest = (*left[:column], left[column] - 1, *left[column + 1 :])
                found = max(found, points + best(unit, seat + 1, occasion, rest))
        return found

    @cache
    def best(unit: int, seat: int, occasion: int, left: tuple[int, ...]) -> int:
        if unit == len(units):
            return 0
        seats, occasions = units[unit]
        if seat == len(seats):
            return best(unit + 1, 0, 0, left)
        if occasions is None:
            return max(best(unit, seat + 1, 0, left), taking(unit, seat, 0, left))
        if seat:
            return taking(unit, seat, occasion, left)
        return max(best(unit + 1, 0, 0, left), *(taking(unit, 0, chosen, left) for chosen in range(len(occasions))))

    every = sum(len(seats) for seats, _ in units)
    seats_of = {person: max(supply[name] for name in names if whose.get(name, name) == person) for person in people}
    return best(0, 0, 0, tuple(min(seats_of[person], every) for person in people))
