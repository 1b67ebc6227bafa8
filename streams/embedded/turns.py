"""How one poll is shared out among partitions, so that a full one never starves another."""

from collections.abc import Sequence


def shares(available: Sequence[int], *, most: int, turn: int) -> list[int]:
    """Return how many records to take of each partition, ``most`` in all.

    Each partition gets an equal part if it has as much; what is left over goes to those that have more. Both in an
    order that begins at ``turn``, which the caller moves on at every poll.
    """
    taken = [0] * len(available)
    left = most
    order = [(turn + step) % len(available) for step in range(len(available))]
    for bound in (max(1, most // max(1, len(available))), most):
        for place in order:
            more = min(available[place] - taken[place], bound, left)
            taken[place] += more
            left -= more
    return taken
