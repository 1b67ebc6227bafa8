"""Budgets 预算: lines that each draw on one fund for one purpose, and what was spent of them 专款专用.

Sums are whole hundredths of the local currency (分). Nothing is paid here: entries tell what was paid elsewhere. They
are only ever added; a wrong one is reversed, with a reason, and stays to be seen.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from schemas.base import EntityId, Fact, Moment, PartyRef, Reason, Title
from schemas.refusals import Refused

Sum = Annotated[int, Field(ge=1, le=10**13, description="In hundredths of the local currency: 100 is one yuan.")]
LineNumber = Annotated[int, Field(ge=1, le=100, description="Lines are counted from 1.")]


class BudgetLine(Fact):
    """So much of one fund for one purpose."""

    title: Title
    amount: Sum
    fund: Annotated[EntityId, Field(description="The resource of kind `fund` that it draws on.")]
    earmark: Annotated[Title, Field(description="What alone it may be spent on 专款专用.")]


class Spending(Fact):
    """One entry of the book, counted from 1 by its place."""

    line: LineNumber
    amount: Sum
    purpose: Title
    voucher: Title | None = None
    by: PartyRef
    at: Moment
    reversed_at: Moment | None = None
    reason: Reason | None = None


def spent_of(line: int, book: Sequence[Spending]) -> int:
    """Return what was spent of a line; what was reversed does not count."""
    return sum(entry.amount for entry in book if entry.line == line and entry.reversed_at is None)


def spend(budget: Sequence[BudgetLine], book: Sequence[Spending], entry: Spending) -> tuple[Spending, ...]:
    """Return the book with one more entry.

    Raises:
        Refused: ``unknown_reference`` where the budget has no such line, ``over_budget`` where the line has less left.
    """
    if entry.line > len(budget):
        raise Refused("unknown_reference", f"line {entry.line} of {len(budget)}")
    left = budget[entry.line - 1].amount - spent_of(entry.line, book)
    if entry.amount > left:
        raise Refused("over_budget", f"line {entry.line} has {left} left")
    return (*book, entry)


def reverse(book: Sequence[Spending], number: int, *, at: Moment, reason: str) -> tuple[Spending, ...]:
    """Return the book in which an entry is reversed.

    Raises:
        Refused: ``unknown_reference`` where there is no such entry, ``already_done`` where it was reversed before.
    """
    if number > len(book):
        raise Refused("unknown_reference", f"entry {number} of {len(book)}")
    entry = book[number - 1]
    if entry.reversed_at is not None:
        raise Refused("already_done", f"entry {number} was reversed")
    undone = entry.model_copy(update={"reversed_at": at, "reason": reason})
    return (*book[: number - 1], undone, *book[number:])
