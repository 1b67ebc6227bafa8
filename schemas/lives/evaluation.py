"""Evaluations under seal 双向评价: each side first commits to what it says by a hash, and shows it when all have.

1. A commitment is the SHA-256 of salt, project, party, score and text, so that the log tells nothing of them, and
   nobody can pass off another's commitment as its own.
2. Each party commits once, and not after the deadline: who comes late might have read the other.
3. What is shown must be what was committed to. It may be shown once everybody has committed, or at the deadline.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from schemas.base import Detail, Fact, Moment, PartyRef
from schemas.refusals import Refused

Score = Annotated[int, Field(ge=1, le=5, description="1 disappointed … 5 delighted. Nobody is ranked by it.")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{32,128}$", description="At least 16 bytes nobody can guess.")]


class Evaluation(Fact):
    """What one party says of the others: a digest at first, the rest once it is shown."""

    party: PartyRef
    digest: Digest
    sealed_at: Moment
    score: Score | None = None
    text: Detail | None = None
    salt: Salt | None = None
    shown_at: Moment | None = None


def digest_of(*, project: str, party: str, score: int, text: str, salt: str) -> str:
    """Return the commitment: SHA-256 over the lines salt, project, party, score, and the text as UTF-8."""
    return sha256("\n".join((salt, project, party, str(score), text)).encode()).hexdigest()


def are_in(parties: Iterable[str], sealed: Sequence[Evaluation]) -> bool:
    """Whether every party has committed."""
    return set(parties) <= {each.party for each in sealed}


def are_shown(sealed: Sequence[Evaluation]) -> bool:
    """Whether everything that was committed to is shown."""
    return all(each.shown_at is not None for each in sealed)


def seal(
    sealed: tuple[Evaluation, ...], new: Evaluation, *, parties: Sequence[str], until: Moment
) -> tuple[Evaluation, ...]:
    """Return the evaluations with one more.

    Raises:
        Refused: ``not_a_party``; ``too_late`` from the deadline on; ``already_done`` where the party has committed.
    """
    if new.party not in parties:
        raise Refused("not_a_party", f"{new.party} is not among {', '.join(parties)}")
    if any(each.party == new.party for each in sealed):
        raise Refused("already_done", f"{new.party} has evaluated")
    if new.sealed_at >= until:
        raise Refused("too_late", f"until {until.isoformat()}")
    return (*sealed, new)


def show(
    sealed: tuple[Evaluation, ...], shown: Evaluation, *, parties: Sequence[str], until: Moment
) -> tuple[Evaluation, ...]:
    """Return the evaluations of which one is shown; the moment of ``shown`` is when.

    Raises:
        Refused: ``evaluation_sealed`` before all are in or the deadline; ``not_a_party`` where nothing was committed
            to; ``already_done``; ``evaluation_differs`` where it is not what was committed to.
    """
    if not are_in(parties, sealed) and shown.sealed_at < until:
        raise Refused("evaluation_sealed", f"until {until.isoformat()}")
    kept = next((each for each in sealed if each.party == shown.party), None)
    if kept is None:
        raise Refused("not_a_party", f"{shown.party} has not evaluated")
    if kept.shown_at is not None:
        raise Refused("already_done", f"what {shown.party} said is shown")
    if shown.digest != kept.digest:
        raise Refused("evaluation_differs", shown.party)
    opened = shown.model_copy(update={"sealed_at": kept.sealed_at, "shown_at": shown.sealed_at})
    return tuple(opened if each is kept else each for each in sealed)
