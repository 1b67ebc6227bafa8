"""What goes into the middle of a round, and what comes out: open seats, and seats given with their proof."""

from dataclasses import dataclass

import numpy as np

from matcher.pairs.candidates import Pairs
from matcher.pairs.claims import Backing
from matcher.pairs.rules import Board
from matcher.round.orders import Orders
from matcher.round.staffing import Staffing
from matcher.solving.market import Market, Solution
from matcher.solving.prices import Prices
from matcher.state.columns import Bools, Ints
from schemas.rounds import Certificate


@dataclass(frozen=True, slots=True)
class Seats:
    """Open seats.

    ``lines`` and ``resources`` are the rows of the frozen pool with a seat open, sorted; ``need`` (all lines,)
    and ``supply`` (all resources,) count the open seats of every row.
    """

    lines: Ints
    resources: Ints
    need: Ints
    supply: Ints


@dataclass(frozen=True, slots=True)
class Matching:
    """The solved market of a board: pairs, what they are worth, what was given, prices, margins and the proof.

    ``board`` is the board with the pairs that claims back: what anything is worth is to be asked of it. ``allowed``
    counts the pairs that are allowed and worth something. Of a large pool (``shortlist``) the market holds only those
    that matter; the certificate is about all of them. ``left_out`` (all lines,) marks the lines that the round had no
    room for. In the market ``Board.person`` stands for each resource; prices are told for each entry.

    Where there are teams, ``staffing`` says what they were given, and all else is about ordinary lines and the seats
    that teams leave to them, but for the certificate: it proves what lies outside the parts that hold teams.
    ``orders`` are given beside all that.
    """

    board: Board
    claims: Backing
    pairs: Pairs
    market: Market
    solution: Solution
    prices: Prices
    margins: Ints
    certificate: Certificate
    left_out: Bools
    allowed: int
    staffing: Staffing | None = None
    orders: Orders | None = None

    def given(self) -> Ints:
        """Return the seats given to each line (lines,), of teams and orders too."""
        lines = len(self.market.need)
        found = np.zeros(lines, np.int64)
        np.add.at(found, self.pairs.line, self.solution.taken)
        if self.staffing is not None:
            np.add.at(found, self.staffing.pairs.line, self.staffing.taken)
        if self.orders is not None:
            np.add.at(found, self.orders.pairs.line, self.orders.seats)
        return found

    def taken(self) -> Ints:
        """Return the seats that each resource gave (resources,), to teams and orders too."""
        pairs, _, taken = self.pairs_of_all()
        found = np.zeros(len(self.market.supply), np.int64)
        np.add.at(found, pairs.resource, taken)
        if self.orders is not None:
            np.add.at(found, self.orders.pairs.resource, self.orders.seats)
        return found

    def value(self) -> int:
        """Return what all that was matched is worth."""
        return self.certificate.value + sum(part.value for part in (self.staffing.parts if self.staffing else ()))

    def is_certain(self) -> bool:
        """Whether every line was taken on, and nothing better exists."""
        parts = self.staffing.parts if self.staffing else ()
        return not self.left_out.any() and all(part.value == part.bound for part in parts)

    def pairs_of_all(self) -> tuple[Pairs, Ints, Ints]:
        """Return the pairs of ordinary lines and of teams by (line, resource), what each is worth, and its seats."""
        if self.staffing is None:
            return self.pairs, self.market.worth, self.solution.taken
        both = self.pairs.followed_by(self.staffing.pairs)
        order = np.lexsort((both.resource, both.line))
        worth = np.concatenate([self.market.worth, self.staffing.worth])
        taken = np.concatenate([self.solution.taken, self.staffing.taken])
        return both.keep(order), worth[order], taken[order]

    def held(self) -> Ints:
        """Return the seats of each resource (resources,) that teams keep from others; a person's at each entry."""
        none = np.zeros(len(self.market.supply), np.int64)
        return none if self.staffing is None else self.staffing.held[self.board.person]
